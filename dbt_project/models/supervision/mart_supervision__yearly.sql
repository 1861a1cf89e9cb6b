{{ config(materialized='table') }}
-- 双公示 supervision per year: unit ('' = district) and table ('' = both). Rates of sums, so a whole is the
-- record-weighted mean of its parts (Qinghai's arithmetic). 报送率 counts the months and tables only whose number of
-- decisions is known; ledger_to is the last of them.
{%- set amounts = ['backlog', 'generated', 'received_of_generated', 'surplus', 'received', 'accepted',
    'accepted_at_once', 'due', 'running', 'late', 'organisations', 'linked', 'to_publish', 'published'] %}
with parts as (
    select *, cast(substr(decision_month, 1, 4) as integer) as year,
        case when generated is not null then decision_month end as ledger_month
    from {{ ref('mart_supervision__monthly') }}
), summed as (
    select coalesce(unit_id, '') as unit_id, coalesce(decision_table, '') as decision_table, year,
        max(ledger_month) as ledger_to,
        {%- for name in amounts %}
        cast(sum({{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
    group by grouping sets ((unit_id, decision_table, year), (unit_id, year), (decision_table, year), (year))
)
select
    unit_id, year, decision_table, ledger_to,
    {%- for name in amounts %}
    {{ name }},
    {%- endfor %}
    {{ reporting_rate('received_of_generated', 'generated') }} as reporting_rate,
    {{ late_rate('late', 'due') }} as late_rate,
    {{ timely_rate('late', 'due') }} as timely_rate,
    {{ compliance_rate('accepted', 'received') }} as compliance_rate,
    {{ compliance_rate('accepted_at_once', 'received') }} as first_pass_rate,
    {{ link_rate('linked', 'organisations') }} as link_rate,
    {{ publication_rate('published', 'to_publish') }} as publication_rate
from summed
