{{ config(meta={'of_build': true}, indexes=[{'columns': ['receipt_key'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- What the supervision rates count of the touched decisions: the one place where each of the metrics is decided.
-- due: the deadline has passed (the cohort of 及时率); running: it has not (办理期内). late: due, and not accepted by the
-- deadline. to_publish: an organisation's decision that must be public on the business date. backlog (存量补录): decided
-- before the dataset's first day of service, and in no other count.
with opened as (
    select min(day) as first_day from {{ source('ledger', 'business_day') }}
), decision as (
    select
        f.*, w.deadline, coalesce(f.counted_on < coalesce(d.live_on, opened.first_day), false) as backlog,
        coalesce(w.deadline < {{ business_day() }}, false) as due,
        coalesce(w.deadline >= {{ business_day() }}, false) as running,
        f.first_accepted_on is not null as accepted,
        f.first_accepted_on is not null and c.subject_class = 'organisation' as organisation,
        c.link_state = 'linked' as linked,
        c.state = 'current' and coalesce(p.publication_state = 'published', f.decision_table = 'licence') as public
    from {{ ref('int_supervision__touched') }} t
    join {{ ref('int_decision_receipt__first') }} f on f.receipt_key = t.receipt_key
    cross join opened
    left join {{ source('ledger', 'dataset') }} d on d.dataset_id = f.dataset_id
    left join {{ ref('int_working_days__deadlines') }} w on w.day = f.counted_on
    left join {{ ref('int_records__current') }} c on c.record_id = f.record_id
    left join {{ ref('int_administrative_penalty__current') }} p on p.record_id = f.record_id
)
select
    receipt_key, unit_id, decision_table, decision_month, record_id, first_received_on, first_accepted_on,
    counted_on as decision_date, deadline,
    case when backlog then 1 else 0 end as backlog,
    case when not backlog then 1 else 0 end as received,
    case when accepted and not backlog then 1 else 0 end as accepted,
    case when accepted and passed_first and not backlog then 1 else 0 end as accepted_at_once,
    case when due and not backlog then 1 else 0 end as due,
    case when running and not backlog then 1 else 0 end as running,
    case when due and coalesce(first_accepted_on > deadline, true) and not backlog then 1 else 0 end as late,
    case when due and first_received_on > deadline and not backlog then 1 else 0 end as late_by_receipt,
    case when due and not accepted and not backlog then 1 else 0 end as overdue,
    case when month_of_receipt and not backlog then 1 else 0 end as month_of_receipt,
    case when organisation and not backlog then 1 else 0 end as organisations,
    case when organisation and linked and not backlog then 1 else 0 end as linked,
    case when organisation and public and not backlog then 1 else 0 end as to_publish,
    case when organisation and public and not backlog and exists (
        select 1 from {{ ref('int_receiver_event__published') }} e where e.record_id = decision.record_id) then 1
         else 0 end as published
from decision
