{{ config(materialized='table') }}
-- The running clock of decisions received and not yet let in, for each unit and the district (''): due today, due on
-- the next working day, past their deadline; those whose date cannot be true; of those running, how many
-- deadlines rest on days nobody announced yet.
with told as (
    select unit_id, case when clock = 'will_breach' then workdays_left end as days_left,
        case when clock = 'breached' then 1 else 0 end as breached,
        case when clock = 'impossible_date' then 1 else 0 end as impossible_date,
        case when clock = 'will_breach' and deadline_provisional then 1 else 0 end as provisional
    from {{ ref('mart_supervision__breach_ahead') }}
)
select
    coalesce(unit_id, '') as unit_id,
    cast(coalesce(sum(case when days_left = 0 then 1 else 0 end), 0) as bigint) as due_today,
    cast(coalesce(sum(case when days_left = 1 then 1 else 0 end), 0) as bigint) as due_next,
    cast(coalesce(sum(breached), 0) as bigint) as breached,
    cast(coalesce(sum(impossible_date), 0) as bigint) as impossible_date,
    cast(coalesce(sum(provisional), 0) as bigint) as provisional
from told
group by grouping sets ((unit_id), ())
