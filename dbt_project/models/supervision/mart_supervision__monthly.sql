{{ config(materialized='table') }}
-- 双公示 supervision per unit, table and decision month (G, R, A, L of the metric definitions). No rate without its
-- denominator.
with received as (
    select * from {{ ref('int_supervision__counter') }} where received > 0
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
    {{ reporting_rate('r.received', 'g.generated') }} as reporting_rate,
    {{ late_rate('r.late', 'r.received') }} as late_rate,
    {{ timely_rate('r.late', 'r.received') }} as timely_rate,
    {{ late_rate('r.late_by_receipt', 'r.received') }} as late_rate_by_receipt,
    {{ compliance_rate('r.accepted', 'r.received') }} as compliance_rate,
    {{ compliance_rate('r.accepted_at_once', 'r.received') }} as first_pass_rate,
    {{ link_rate('r.linked', 'r.accepted') }} as link_rate,
    {{ publication_rate('r.published', 'r.accepted') }} as publication_rate
from received r
full outer join generated g
  on g.unit_id = r.unit_id and g.decision_table = r.decision_table and g.decision_month = r.decision_month
