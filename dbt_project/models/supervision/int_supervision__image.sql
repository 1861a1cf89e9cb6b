{{ config(meta={'of_build': true}, indexes=[{'columns': ['receipt_key'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- What the supervision rates count of the touched decisions: the one place where late, accepted or linked is decided.
select
    f.receipt_key, f.unit_id, f.decision_table, f.decision_month, f.record_id, f.first_received_on, f.first_accepted_on,
    coalesce(f.decided_on, f.first_decision_date) as decision_date, coalesce(w.deadline, open.deadline) as deadline,
    case when f.first_accepted_on is not null then 1 else 0 end as accepted,
    case when f.first_accepted_on is not null and f.passed_first then 1 else 0 end as accepted_at_once,
    case when f.first_accepted_on > w.deadline then 1 else 0 end as late,
    case when f.first_accepted_on is not null and f.first_received_on > w.deadline then 1 else 0 end as late_by_receipt,
    case when f.first_accepted_on is null and open.deadline < cast('{{ var("business_date") }}' as date)
         then 1 else 0 end as overdue,
    case when f.month_of_receipt then 1 else 0 end as month_of_receipt,
    case when f.first_accepted_on is not null and known.known then 1 else 0 end as linked,
    case when f.first_accepted_on is not null and exists (
        select 1 from {{ ref('int_receiver_event__published') }} p where p.record_id = f.record_id) then 1
            else 0 end as published
from {{ ref('int_supervision__touched') }} t
join {{ ref('int_decision_receipt__first') }} f on f.receipt_key = t.receipt_key
left join {{ ref('int_working_days__deadlines') }} w on w.day = f.decided_on
left join {{ ref('int_working_days__deadlines') }} open on open.day = f.first_decision_date
left join {{ ref('int_registry__codes') }} known on known.uscc = f.uscc
