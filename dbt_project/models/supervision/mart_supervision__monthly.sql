{{ config(materialized='table') }}
-- 双公示 supervision per unit, table and decision month (definitions: seed metric_definition). No rate without its
-- denominator. A ledger counts from the first month on that lies wholly after the first day of service of the unit's
-- datasets; what was decided before that day is 存量补录, apart. What came beyond the number of the ledger is told as
-- 台账少报 and makes up for no gap.
with received as (
    select * from {{ ref('int_supervision__counter') }} where received + backlog > 0 and decision_month <> ''
), opened as (
    select min(day) as first_day from {{ source('ledger', 'business_day') }}
), live as (
    select d.unit_id, case d.kind when 'administrative_licence' then 'licence' else 'penalty' end as decision_table,
        max(coalesce(d.live_on, opened.first_day)) as live_on
    from {{ source('ledger', 'dataset') }} d cross join opened
    where d.kind in ('administrative_licence', 'administrative_penalty')
    group by 1, 2
), told as (
    select u.unit_id, case when l.decision_table = '许可' then 'licence' else 'penalty' end as decision_table,
        l.month as decision_month, l.generated_count as generated, l.own_site_published_count, l.unreported_reason
    from {{ ref('int_decision_ledger__current') }} l
    join {{ source('ledger', 'unit') }} u on u.uscc = l.unit_uscc
), generated as (
    select told.* from told cross join opened
    left join live on live.unit_id = told.unit_id and live.decision_table = told.decision_table
    where cast(concat_ws('', told.decision_month, '-01') as date) >= coalesce(live.live_on, opened.first_day)
), known as (
    select
        coalesce(r.unit_id, g.unit_id) as unit_id, coalesce(r.decision_table, g.decision_table) as decision_table,
        coalesce(r.decision_month, g.decision_month) as decision_month,
        g.generated, g.own_site_published_count, g.unreported_reason,
        {%- for name in receipt_flags() %}
        coalesce(r.{{ name }}, 0) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from received r
    full outer join generated g
      on g.unit_id = r.unit_id and g.decision_table = r.decision_table and g.decision_month = r.decision_month
)
select
    unit_id, decision_table, decision_month, backlog, generated, received,
    cast(case when generated is not null then least(received, generated) end as bigint) as received_of_generated,
    case when generated is not null then greatest(generated - received, 0) end as unreported,
    case when generated is not null then greatest(received - generated, 0) end as surplus,
    unreported_reason, own_site_published_count, accepted, accepted_at_once, due, running, late, late_by_receipt,
    overdue, organisations, linked, to_publish, published, month_of_receipt,
    {{ reporting_rate('least(received, generated)', 'generated') }} as reporting_rate,
    {{ late_rate('late', 'due') }} as late_rate,
    {{ timely_rate('late', 'due') }} as timely_rate,
    {{ late_rate('late_by_receipt', 'due') }} as late_rate_by_receipt,
    {{ compliance_rate('accepted', 'received') }} as compliance_rate,
    {{ compliance_rate('accepted_at_once', 'received') }} as first_pass_rate,
    {{ link_rate('linked', 'organisations') }} as link_rate,
    {{ publication_rate('published', 'to_publish') }} as publication_rate
from known
