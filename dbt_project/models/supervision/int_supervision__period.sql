-- Supervision of a department, and of the district (''), per month and per year: what was counted, and what was still
-- open at its end.
{%- set amounts = ['batches', 'rows_in', 'backlog', 'generated', 'received_of_generated', 'surplus', 'received',
    'accepted', 'accepted_at_once', 'due', 'running', 'late', 'overdue', 'organisations', 'linked', 'to_publish',
    'published', 'slips', 'returned', 'corrected', 'correction_days', 'silent_weeks', 'attestations'] %}
with counted as (
    select *, substr(month, 1, 4) as year from {{ ref('int_supervision__month') }}
), summed as (
    select
        coalesce(unit_id, '') as unit_id, case when month is null then 'year' else 'month' end as grain,
        coalesce(month, year) as period, cast(concat_ws('', max(month), '-01') as date) as last_month,
        max(business_days) as business_days,
        {%- for name in amounts %}
        cast(sum({{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    group by grouping sets ((unit_id, month), (month), (unit_id, year), (year))
), ended as (
    select
        *, least(
            case grain when 'year' then {{ dbt.last_day('last_month', 'year') }}
                 else {{ dbt.last_day('last_month', 'month') }} end,
            cast('{{ var("business_date") }}' as date)) as ends_on
    from summed
), still_open as (
    select e.unit_id, e.grain, e.period, count(*) as quarantine_open
    from ended e
    join {{ source('ledger', 'quarantine') }} q
      on e.unit_id in (q.unit_id, '') and q.opened_on <= e.ends_on and (q.closed_on is null or q.closed_on > e.ends_on)
    group by e.unit_id, e.grain, e.period
)
select
    e.unit_id, e.grain, e.period,
    {%- for name in amounts %}
    e.{{ name }},
    {%- endfor %}
    {{ reporting_rate('e.received_of_generated', 'e.generated') }} as reporting_rate,
    {{ timely_rate('e.late', 'e.due') }} as timely_rate,
    {{ late_rate('e.late', 'e.due') }} as late_rate,
    {{ compliance_rate('e.accepted', 'e.received') }} as compliance_rate,
    {{ compliance_rate('e.accepted_at_once', 'e.received') }} as first_pass_rate,
    {{ link_rate('e.linked', 'e.organisations') }} as link_rate,
    {{ publication_rate('e.published', 'e.to_publish') }} as publication_rate,
    {{ fix_rate('e.corrected', 'e.returned') }} as fix_rate,
    cast(round(cast(e.correction_days as numeric(18, 4)) / nullif(e.corrected, 0), 2) as numeric(9, 2)) as fix_days,
    e.business_days > 0 and e.batches + e.attestations = 0 and coalesce(u.first_due <= e.ends_on, true) as nothing_yet,
    coalesce(u.first_due > e.ends_on, false) as not_due,
    coalesce(o.quarantine_open, 0) as quarantine_open
from ended e
left join (select unit_id, min(coalesce(live_on, cast('0001-01-01' as date))) as first_due
           from {{ source('ledger', 'dataset') }} group by unit_id) u on u.unit_id = e.unit_id
left join still_open o on o.unit_id = e.unit_id and o.grain = e.grain and o.period = e.period
