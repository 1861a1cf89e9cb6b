{{ config(materialized='view') }}
-- Every day and whether it is worked: the announced years of the seed, over them what the ledger holds beside it (the
-- district's calendar, and days nobody announced yet, which count by their weekday).
select day, is_workday, announced from {{ source('ledger', 'calendar_day') }}
union all
select s.day, s.is_workday, true as announced
from {{ ref('working_days') }} s
left join {{ source('ledger', 'calendar_day') }} told on told.day = s.day
where told.day is null
