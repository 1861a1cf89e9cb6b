{{ config(materialized='view') }}
-- Decisions that ask for somebody: those whose deadline is today or on the next working day, and those a department's
-- ledger knows and nobody delivered.
select
    case workdays_left when 0 then 'due_today' else 'due_tomorrow' end as rule, unit_id, decision_table as about,
    count(*) as amount, min(first_received_on) as since, min(deadline) as deadline,
    max(case when deadline_provisional then 1 else 0 end) = 1 as deadline_provisional
from {{ ref('mart_supervision__breach_ahead') }}
where clock = 'will_breach' and workdays_left in (0, 1)
group by workdays_left, unit_id, decision_table
union all
select 'undelivered_ledger', unit_id, decision_table, sum(unreported),
    cast(concat_ws('', min(decision_month), '-01') as date), cast(null as date), false
from {{ ref('mart_supervision__monthly') }}
where unreported > 0
group by unit_id, decision_table
