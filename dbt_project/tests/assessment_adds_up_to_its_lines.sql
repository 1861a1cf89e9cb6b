-- Every figure of this year's assessment sheet is the sum of its lines: what a department checks is what it was
-- assessed on.
with lines as (
    select unit_id, year, item, sum(counted) as counted, sum(out_of) as out_of
    from {{ ref('mart_supervision__assessment_line') }}
    where year = cast(extract(year from {{ business_day() }}) as integer) group by unit_id, year, item
)
select a.unit_id, a.year, a.item, a.numerator, a.denominator, l.counted, l.out_of
from {{ ref('mart_supervision__assessment') }} a
full outer join lines l on l.unit_id = a.unit_id and l.year = a.year and l.item = a.item
where coalesce(a.year, l.year) = cast(extract(year from {{ business_day() }}) as integer)
  and (coalesce(a.numerator, 0) <> coalesce(l.counted, 0) or coalesce(a.denominator, 0) <> coalesce(l.out_of, 0))
