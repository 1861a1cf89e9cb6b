{{ config(materialized='view') }}
-- Figures that rest on what units state, and that not all units named for them have stated: how many are missing.
with stated as (
    select distinct figure_id, unit_id from {{ ref('int_targets__contribution') }}
    where valid_from <= {{ business_day() }}
), figure as (
    select figure_id, max(due_on) as due_on from {{ ref('target') }}
    where denominator_rule in ('items_due', 'reported', 'staff_count') and advances group by figure_id
), named as (
    select t.figure_id, figure.due_on, t.unit_id, t.role, s.unit_id is null as missing
    from figure
    join {{ source('ledger', 'target_unit') }} t on t.figure_id = figure.figure_id
    left join stated s on s.figure_id = t.figure_id and s.unit_id = t.unit_id
)
select
    'units_missing' as rule, min(case when role = 'responsible' then unit_id end) as unit_id, figure_id as about,
    sum(case when missing then 1 else 0 end) as amount, cast(null as date) as since, min(due_on) as deadline,
    false as deadline_provisional
from named
group by figure_id
having sum(case when missing then 1 else 0 end) > 0
