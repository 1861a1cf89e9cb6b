{{ config(materialized='view') }}
-- Who reported a figure's denominator, in which dataset and from which books, per unit, the district ('') and month
-- end.
with told as (
    select figure_id, unit_id, denominator_source, month_end from {{ ref('int_targets__reported') }}
        where denominator is not null
    union all
    select figure_id, '', denominator_source, month_end from {{ ref('int_targets__reported') }}
        where denominator is not null
), since as (
    select figure_id, unit_id, denominator_source, min(month_end) as first_on
    from told group by figure_id, unit_id, denominator_source
)
select r.figure_id, r.unit_id, r.month_end,
    {{ joined('s.denominator_source', '；', ['s.denominator_source']) }} as denominator_source
from {{ ref('int_targets__running') }} r
join since s on s.figure_id = r.figure_id and s.unit_id = r.unit_id and s.first_on <= r.month_end
group by r.figure_id, r.unit_id, r.month_end
