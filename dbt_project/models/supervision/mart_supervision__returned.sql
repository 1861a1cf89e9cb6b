{{ config(materialized='table') }}
-- Rows that went back, for each unit and the district (''): how many are open and since when the oldest is, how many
-- were put right and within how many days on average.
with returned as (
    select *, closed_on is null or closed_on > {{ business_day() }} as still_open
    from {{ ref('int_supervision__returned') }} where opened_on <= {{ business_day() }}
)
select
    coalesce(unit_id, '') as unit_id, count(*) as returned,
    cast(sum(case when still_open then 1 else 0 end) as bigint) as open_rows,
    min(case when still_open then opened_on end) as oldest_on,
    cast(sum(case when still_open then 0 else corrected end) as bigint) as corrected,
    cast(round(avg(case when not still_open then cast(days_to_correction as numeric(9, 2)) end), 1) as numeric(9, 1))
        as fix_days
from returned
group by grouping sets ((unit_id), ())
