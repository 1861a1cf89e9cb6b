-- What every item adds to a figure, from which day till before which, and what the item is called.
select
    c.figure_id, c.item_key, coalesce(m.name, c.item_key) as label, c.unit_id, c.record_id, c.valid_from, c.valid_to,
    c.numerator, c.denominator, c.missing
from {{ ref('int_targets__contribution') }} c
left join {{ ref('int_targets__member') }} m on m.figure_id = c.figure_id and m.item_key = c.item_key
