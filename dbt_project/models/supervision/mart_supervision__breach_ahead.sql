{{ config(materialized='table') }}
-- Decisions received but not accepted, with the working days left until the end of the 7th working day; and those whose
-- date cannot be true: they have no deadline and count in no year until the department puts the date right.
select
    f.receipt_key, f.unit_id, f.decision_table, f.record_id, f.told_on as decision_date, f.first_received_on,
    w.deadline, coalesce(w.deadline_provisional, false) as deadline_provisional,
    due.workdays_so_far - today.workdays_so_far as workdays_left,
    case when f.impossible_date then 'impossible_date' when w.deadline < today.day then 'breached'
         else 'will_breach' end as clock
from {{ ref('int_decision_receipt__first') }} f
left join {{ ref('int_working_days__deadlines') }} w on w.day = f.counted_on
left join {{ ref('int_working_days__deadlines') }} due on due.day = w.deadline
cross join (select * from {{ ref('int_working_days__deadlines') }} where day = {{ business_day() }}) today
where f.impossible_date or (f.first_accepted_on is null and w.deadline is not null)
