-- What supervision counts per unit and month. Deliveries, slips and silence count in the month they happened, decisions
-- in the month of the decision; a unit from which nothing came has its months, too.
with counted as (
    select unit_id, to_char(business_date, 'YYYY-MM') as month, 'batches' as what, count(*) as amount
    from {{ source('ledger', 'batch') }} group by 1, 2
    union all
    select unit_id, to_char(business_date, 'YYYY-MM'), 'rows_in', coalesce(sum(rows_in), 0)
    from {{ source('ledger', 'batch') }} group by 1, 2
    {%- for name in ['generated', 'received', 'accepted', 'accepted_at_once', 'late', 'linked', 'overdue'] %}
    union all
    select unit_id, decision_month, '{{ name }}', sum({{ name }}) from {{ ref('mart_supervision__monthly') }}
        group by 1, 2
    {%- endfor %}
    union all
    select unit_id, decision_month, 'received_of_generated', sum(received)
    from {{ ref('mart_supervision__monthly') }} where generated is not null group by 1, 2
    union all
    select unit_id, to_char(written_on, 'YYYY-MM'), 'slips', count(*) from {{ source('ledger', 'slip') }} group by 1, 2
    union all
    select unit_id, to_char(opened_on, 'YYYY-MM'), 'returned', count(*) from {{ ref('int_supervision__returned') }}
        group by 1, 2
    union all
    select unit_id, to_char(opened_on, 'YYYY-MM'), 'corrected', sum(corrected)
    from {{ ref('int_supervision__returned') }} group by 1, 2
    union all
    select unit_id, to_char(opened_on, 'YYYY-MM'), 'correction_days', coalesce(sum(days_to_correction), 0)
    from {{ ref('int_supervision__returned') }} group by 1, 2
    union all
    select unit_id, to_char(week_end, 'YYYY-MM'), 'silent_weeks', count(*)
    from {{ ref('mart_supervision__silent_week') }} group by 1, 2
    union all
    select unit_id, to_char(period_to, 'YYYY-MM'), 'attestations', count(*) from {{ source('ledger', 'attestation') }}
        group by 1, 2
    union all
    select u.unit_id, to_char(d.day, 'YYYY-MM'), 'business_days', 1
    from {{ source('ledger', 'unit') }} u cross join {{ source('ledger', 'business_day') }} d
    where d.day <= cast('{{ var("business_date") }}' as date)
)
select unit_id, month
    {%- for name in ['batches', 'rows_in', 'generated', 'received_of_generated', 'received', 'accepted',
                     'accepted_at_once', 'late', 'linked', 'overdue', 'slips', 'returned', 'corrected',
                     'correction_days', 'silent_weeks', 'attestations', 'business_days'] %},
    cast(sum(case when what = '{{ name }}'
        then amount {% if name != 'generated' %}else 0 {% endif %}end) as bigint) as {{ name }}
    {%- endfor %}
from counted
where unit_id <> ''
group by unit_id, month
