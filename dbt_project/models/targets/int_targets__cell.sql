{{ config(materialized='view') }}
-- The cells of a drill-down with what must not be shown: person counts under five, two numbers, of the district, too,
-- that give away as few by their difference, and one more cell where a single hidden one could be told from the
-- district's sum.
with figure as (
    select figure_id, min(subject_type) as subject_type, min(denominator_rule) as denominator_rule
    from {{ ref('target') }} group by figure_id
), cell as (
    select r.figure_id, r.unit_id, r.month_end, r.numerator, f.denominator_rule, r.stated_on,
        case when f.denominator_rule <> 'none' and r.missing = 0 and r.denominator > 0
            then r.denominator end as denominator,
        f.subject_type = 'person' and r.unit_id <> '' as guarded, f.subject_type = 'person' as of_persons
    from {{ ref('int_targets__running') }} r join figure f on f.figure_id = r.figure_id
), small as (
    select *,
        (guarded and ({{ small_cell('numerator') }} or {{ small_cell('denominator') }}))
        or (of_persons and {{ small_cell('denominator - numerator') }}) as small
    from cell
), counted as (
    select *,
        sum(case when guarded and small then 1 else 0 end) over (partition by figure_id, month_end) as small_cells,
        row_number() over (partition by figure_id, month_end
                           order by case when guarded and not small then 0 else 1 end, coalesce(denominator, numerator),
                           unit_id)
            as next_smallest
    from small
)
select figure_id, unit_id, month_end, numerator, denominator, denominator_rule, stated_on,
    small or (guarded and small_cells = 1 and next_smallest = 1) as suppressed
from counted
