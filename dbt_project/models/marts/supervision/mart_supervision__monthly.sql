{{ config(materialized='table') }}
-- 双公示 supervision per unit, table and decision month (G, R, A, L of the metric definitions). No rate without its denominator.
with received as (
    select
        f.unit_id, f.decision_table, f.decision_month,
        count(*) as received,
        sum(case when f.first_accepted_on is not null then 1 else 0 end) as accepted,
        sum(case when f.first_accepted_on is not null and f.passed_first then 1 else 0 end) as accepted_at_once,
        sum(case when f.first_accepted_on > w.deadline then 1 else 0 end) as late,
        sum(case when f.first_accepted_on is not null and f.first_received_on > w.deadline then 1 else 0 end) as late_by_receipt,
        sum(case when f.first_accepted_on is null and open.deadline < cast('{{ var("business_date") }}' as date)
            then 1 else 0 end) as overdue,
        sum(case when f.month_of_receipt then 1 else 0 end) as month_of_receipt,
        sum(case when f.first_accepted_on is not null and known.uscc is not null then 1 else 0 end) as linked,
        sum(case when f.first_accepted_on is not null and published.record_id is not null then 1 else 0 end) as published
    from {{ ref('int_decision_receipt__first') }} f
    left join {{ ref('int_working_days__deadlines') }} w on w.day = f.decided_on
    left join {{ ref('int_working_days__deadlines') }} open on open.day = f.first_decision_date
    left join {{ ref('int_registry__codes') }} known on known.uscc = f.uscc
    left join {{ ref('int_receiver_event__published') }} published on published.record_id = f.record_id
    group by f.unit_id, f.decision_table, f.decision_month
), generated as (
    select u.unit_id, case when l.decision_table = '许可' then 'licence' else 'penalty' end as decision_table,
        l.month as decision_month, l.generated_count as generated, l.own_site_published_count, l.unreported_reason
    from {{ ref('int_decision_ledger__current') }} l
    join {{ source('ledger', 'unit') }} u on u.uscc = l.unit_uscc
)
select
    coalesce(r.unit_id, g.unit_id) as unit_id, coalesce(r.decision_table, g.decision_table) as decision_table,
    coalesce(r.decision_month, g.decision_month) as decision_month,
    g.generated, coalesce(r.received, 0) as received, coalesce(r.accepted, 0) as accepted,
    coalesce(r.accepted_at_once, 0) as accepted_at_once, coalesce(r.late, 0) as late,
    coalesce(r.late_by_receipt, 0) as late_by_receipt, coalesce(r.overdue, 0) as overdue,
    coalesce(r.linked, 0) as linked, coalesce(r.published, 0) as published,
    coalesce(r.month_of_receipt, 0) as month_of_receipt, g.generated - coalesce(r.received, 0) as unreported,
    g.unreported_reason, g.own_site_published_count,
    {{ rate('r.received', 'g.generated') }} as reporting_rate,
    {{ rate('r.late', 'r.received') }} as late_rate,
    {{ rate('r.received - r.late', 'r.received') }} as timely_rate,
    {{ rate('r.late_by_receipt', 'r.received') }} as late_rate_by_receipt,
    {{ rate('r.accepted', 'r.received') }} as compliance_rate,
    {{ rate('r.accepted_at_once', 'r.received') }} as first_pass_rate,
    {{ rate('r.linked', 'r.accepted') }} as link_rate,
    {{ rate('r.published', 'r.accepted') }} as publication_rate
from received r
full outer join generated g
  on g.unit_id = r.unit_id and g.decision_table = r.decision_table and g.decision_month = r.decision_month
