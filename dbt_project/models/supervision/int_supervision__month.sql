-- What supervision counts per unit and month. Deliveries, slips and silence count in the month they happened, decisions
-- in the month of the decision; a unit from which nothing came has its months, too.
{%- set of_decisions = ['backlog', 'generated', 'received_of_generated', 'surplus', 'received', 'accepted',
    'accepted_at_once', 'due', 'running', 'late', 'overdue', 'organisations', 'linked', 'to_publish', 'published'] %}
with counted as (
    select unit_id, {{ month_text('business_date') }} as month, 'batches' as what, count(*) as amount
    from {{ source('ledger', 'batch') }} group by 1, 2
    union all
    select unit_id, {{ month_text('business_date') }}, 'rows_in', coalesce(sum(rows_in), 0)
    from {{ source('ledger', 'batch') }} group by 1, 2
    {%- for name in of_decisions %}
    union all
    select unit_id, decision_month, '{{ name }}', sum({{ name }}) from {{ ref('mart_supervision__monthly') }}
        group by 1, 2
    {%- endfor %}
    union all
    select unit_id, {{ month_text('written_on') }}, 'slips', count(*) from {{ source('ledger', 'slip') }} group by 1, 2
    union all
    select unit_id, {{ month_text('opened_on') }}, 'returned', count(*) from {{ ref('int_supervision__returned') }}
        group by 1, 2
    union all
    select unit_id, {{ month_text('opened_on') }}, 'corrected', sum(corrected)
    from {{ ref('int_supervision__returned') }} group by 1, 2
    union all
    select unit_id, {{ month_text('opened_on') }}, 'correction_days', coalesce(sum(days_to_correction), 0)
    from {{ ref('int_supervision__returned') }} group by 1, 2
    union all
    select unit_id, {{ month_text('week_end') }}, 'silent_weeks', count(*)
    from {{ ref('mart_supervision__silent_week') }} group by 1, 2
    union all
    select unit_id, {{ month_text('period_to') }}, 'attestations', count(*) from {{ source('ledger', 'attestation') }}
        where superseded_by is null group by 1, 2
    union all
    select u.unit_id, {{ month_text('d.day') }}, 'business_days', 1
    from {{ source('ledger', 'unit') }} u cross join {{ source('ledger', 'business_day') }} d
    where d.day <= cast('{{ var("business_date") }}' as date)
)
select unit_id, month
    {%- for name in ['batches', 'rows_in'] + of_decisions + ['slips', 'returned', 'corrected', 'correction_days',
                     'silent_weeks', 'attestations', 'business_days'] %},
    cast(sum(case when what = '{{ name }}'
        then amount {% if name != 'generated' %}else 0 {% endif %}end) as bigint) as {{ name }}
    {%- endfor %}
from counted
where unit_id <> ''
group by unit_id, month
