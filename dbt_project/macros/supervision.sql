{#- A department's supervision figures per month or year: the same sums, the same rates. -#}
{% macro unit_supervision(period) %}
with counted as (
    select m.*{% if period == 'year' %}, cast(substr(month, 1, 4) as integer) as year{% endif %} from {{ ref('int_supervision__month') }} m
), period as (
    select coalesce(unit_id, '') as unit_id, {{ period }}, max(month) as last_month, max(business_days) as business_days
        {%- for name in ['batches', 'rows_in', 'generated', 'received_of_generated', 'received', 'accepted',
                         'accepted_at_once', 'late', 'linked', 'overdue', 'slips', 'returned', 'corrected',
                         'correction_days', 'silent_weeks', 'attestations'] %},
        cast(sum({{ name }}) as bigint) as {{ name }}
        {%- endfor %}
    from counted
    group by grouping sets ((unit_id, {{ period }}), ({{ period }}))
), ending as (
    select p.unit_id, p.{{ period }}, least(
        cast({{ dbt.last_day("cast(concat_ws('', p.last_month, '-01') as date)", period) }} as date),
        cast('{{ var("business_date") }}' as date)) as ends_on
    from period p
), still_open as (
    select e.unit_id, e.{{ period }}, count(*) as quarantine_open
    from ending e
    join {{ source('ledger', 'quarantine') }} q
      on e.unit_id in (q.unit_id, '') and q.opened_on <= e.ends_on and (q.closed_on is null or q.closed_on > e.ends_on)
    group by e.unit_id, e.{{ period }}
)
select
    p.unit_id, p.{{ period }}, p.batches, p.rows_in, p.generated, p.received_of_generated, p.received, p.accepted,
    p.accepted_at_once, p.late, p.linked, p.overdue,
    {{ reporting_rate('p.received_of_generated', 'p.generated') }} as reporting_rate,
    {{ timely_rate('p.late', 'p.received') }} as timely_rate,
    {{ late_rate('p.late', 'p.received') }} as late_rate,
    {{ compliance_rate('p.accepted', 'p.received') }} as compliance_rate,
    {{ compliance_rate('p.accepted_at_once', 'p.received') }} as first_pass_rate,
    {{ link_rate('p.linked', 'p.accepted') }} as link_rate,
    p.slips, p.returned, p.corrected, {{ fix_rate('p.corrected', 'p.returned') }} as fix_rate,
    cast(round(cast(p.correction_days as numeric(18, 4)) / nullif(p.corrected, 0), 2) as numeric(9, 2)) as fix_days,
    p.silent_weeks, p.attestations, p.business_days > 0 and p.batches + p.attestations = 0 as nothing_yet,
    coalesce(s.quarantine_open, 0) as quarantine_open
from period p
left join still_open s on s.unit_id = p.unit_id and s.{{ period }} = p.{{ period }}
{% endmacro %}
