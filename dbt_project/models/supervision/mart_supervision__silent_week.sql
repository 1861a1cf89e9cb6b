{{ config(materialized='table') }}
-- Weeks (ending on Sunday) in which a dataset had been silent longer than its cadence: no receipt and no 零报送 covers
-- them. A dataset is expected from the day it goes live, and from the first business day on; one that is handed in by
-- hand, too. A week in which nobody works (Spring Festival) accuses nobody.
with opened as (
    select min(day) as first_day from {{ source('ledger', 'business_day') }}
), week as (
    select distinct d.day as week_end
    from {{ ref('int_working_days__calendar') }} d
    cross join opened
    join {{ ref('int_working_days__calendar') }} w
      on w.is_workday and w.day <= d.day and {{ days_between('w.day', 'd.day') }} < 7
    where {{ weekday('d.day') }} = 7 and d.day > opened.first_day
      and d.day <= cast('{{ var("business_date") }}' as date)
), sign as (
    select dataset_id, business_date as signed_on from {{ source('ledger', 'batch') }}
        where coalesce(set_aside_from, state) <> 'broken'
    union all
    select dataset_id, period_to from {{ source('ledger', 'attestation') }} where superseded_by is null
), last_sign as (
    select d.dataset_id, d.unit_id, d.cadence_days, w.week_end, max(s.signed_on) as signed_on,
        greatest(coalesce(max(s.signed_on), min(o.first_day)), min(d.live_on)) as silent_from
    from {{ source('ledger', 'dataset') }} d
    cross join opened o
    cross join week w
    left join sign s on s.dataset_id = d.dataset_id and s.signed_on <= w.week_end
    group by d.dataset_id, d.unit_id, d.cadence_days, w.week_end
)
select
    l.dataset_id, l.week_end, l.unit_id, l.signed_on as last_sign,
    {{ days_between('l.silent_from', 'l.week_end') }} as days_silent, l.cadence_days
from last_sign l
where {{ days_between('l.silent_from', 'l.week_end') }} > l.cadence_days
  and not exists (
    select 1 from {{ source('ledger', 'attestation') }} a
    where a.dataset_id = l.dataset_id and a.superseded_by is null
      and l.week_end between a.period_from and a.period_to)
