{{ config(materialized='incremental', incremental_strategy='merge', unique_key='day',
          indexes=[{'columns': ['day'], 'unique': true}, {'columns': ['build_id']}]) }}
-- Last day in time per decision day: the end of the 7th working day after it, and whether it rests on a day that nobody
-- announced yet. A day knows the build in which the calendar gave it another deadline.
with numbered as (
    select
        day, is_workday, sum(case when is_workday then 1 else 0 end) over (order by day asc) as workdays_so_far,
        sum(case when announced then 0 else 1 end) over (order by day asc) as unannounced_so_far
    from {{ ref('int_working_days__calendar') }}
), deadlines as (
    select
        d.day, d.workdays_so_far, last.day as deadline,
        coalesce(last.unannounced_so_far > d.unannounced_so_far, false) as deadline_provisional
    from numbered d
    left join numbered last on last.is_workday
        and last.workdays_so_far = d.workdays_so_far + {{ var('late_after_workdays') }}
)
select
    d.day, d.workdays_so_far, d.deadline, d.deadline_provisional, cast({{ var('build_id') }} as bigint) as build_id
from deadlines d
{%- if is_incremental() %}
left join {{ this }} before on before.day = d.day
where before.day is null or before.workdays_so_far <> d.workdays_so_far
   or before.deadline is distinct from d.deadline or before.deadline_provisional <> d.deadline_provisional
{%- endif %}
