{{ config(indexes=[{'columns': ['day'], 'unique': true}]) }}
-- Last day in time per decision day: the end of the 7th working day after it; none where the calendar ends before.
with numbered as (
    select day, is_workday, sum(case when is_workday then 1 else 0 end) over (order by day) as workdays_so_far
    from {{ ref('working_days') }}
)
select d.day, d.workdays_so_far, last.day as deadline
from numbered d
left join numbered last on last.is_workday and last.workdays_so_far = d.workdays_so_far + {{ var('late_after_workdays') }}
