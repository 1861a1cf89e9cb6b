{{ config(indexes=[{'columns': ['figure_id', 'unit_id', 'month_end'], 'unique': true}]) }}
-- Numerator and denominator of every figure at every month end, for the district ('') and per unit: running sums of
-- what came and went. A figure to which nothing contributes yet is there for the district, with nothing counted.
with flow as (
    select figure_id, unit_id, valid_from as day, numerator, denominator, missing, valid_from as stated_on
    from {{ ref('int_targets__contribution') }}
    union all
    select figure_id, unit_id, valid_to, -numerator, -denominator, -missing, cast(null as date)
    from {{ ref('int_targets__contribution') }} where valid_to is not null
), dated as (
    select figure_id, unit_id, greatest({{ dbt.last_day('day', 'month') }}, cast('2016-12-31' as date)) as month_end,
        numerator, denominator, missing, stated_on
    from flow
), counted as (
    select figure_id, unit_id, month_end, sum(numerator) as numerator, sum(denominator) as denominator,
        sum(missing) as missing, max(stated_on) as stated_on
    from dated group by figure_id, unit_id, month_end
), monthly as (
    select figure_id, unit_id, month_end, numerator, denominator, missing, stated_on from counted where unit_id <> ''
    union all
    select figure_id, '', month_end, sum(numerator), sum(denominator), sum(missing), max(stated_on)
    from counted group by figure_id, month_end
), cell as (
    select figure_id, unit_id, min(month_end) as since from monthly where unit_id <> '' group by figure_id, unit_id
    union all
    select distinct figure_id, '', cast('2016-12-31' as date) from {{ ref('target') }}
)
select
    c.figure_id, c.unit_id, m.month_end,
    coalesce(sum(f.numerator) over running, 0) as numerator,
    coalesce(sum(f.denominator) over running, 0) as denominator,
    coalesce(sum(f.missing) over running, 0) as missing,
    max(f.stated_on) over running as stated_on
from cell c
join {{ ref('int_targets__months') }} m on m.month_end >= c.since
left join monthly f on f.figure_id = c.figure_id and f.unit_id = c.unit_id and f.month_end = m.month_end
window running as (partition by c.figure_id, c.unit_id order by m.month_end)
