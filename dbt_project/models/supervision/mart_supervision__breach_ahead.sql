{{ config(materialized='table') }}
-- Decisions received but not accepted, with the working days left until the end of the 7th working day.
select
    f.receipt_key, f.unit_id, f.decision_table, f.record_id, f.first_decision_date as decision_date,
    f.first_received_on,
    w.deadline, due.workdays_so_far - today.workdays_so_far as workdays_left,
    case when w.deadline < today.day then 'breached' else 'will_breach' end as clock
from {{ ref('int_decision_receipt__first') }} f
join {{ ref('int_working_days__deadlines') }} w on w.day = f.first_decision_date
join {{ ref('int_working_days__deadlines') }} due on due.day = w.deadline
join {{ ref('int_working_days__deadlines') }} today on today.day = cast('{{ var("business_date") }}' as date)
where f.first_accepted_on is null
