-- Month ends from the first after the plan was issued (2016-11-09) to the month of the business date.
select cast(max(day) as date) as month_end
from {{ ref('int_working_days__calendar') }}
where day >= cast('2016-12-01' as date)
  and {{ dbt.date_trunc('month', 'day') }} <= {{ dbt.date_trunc('month',
      "cast('" ~ var('business_date') ~ "' as date)") }}
group by {{ dbt.date_trunc('month', 'day') }}
