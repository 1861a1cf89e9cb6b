{{ config(
    meta={'takes_out': inputs_of(['administrative_licence', 'administrative_penalty'])},
    indexes=[{'columns': ['receipt_key']}]
) }}
-- Every delivered row of a licence or penalty with what became of it; an unreadable key counts by row. Not made from
-- the catalogue: it is about all rows, the accepted and the others.
{% for kind, table_name in [('administrative_licence', 'licence'), ('administrative_penalty', 'penalty')] %}
select
    '{{ table_name }}' as decision_table, b.unit_id, b.dataset_id, r.batch_seq, r.attempt, r.row_no,
    r.source_version, {{ record_id_text('r.record_id') }} as record_id,
    {{ receipt_key('b', 'r', record_id_text('r.record_id')) }} as receipt_key,
    b.business_date as received_on, coalesce(b.gated_on, b.business_date) as gated_on,
    coalesce(o.outcome, case when u.batch_seq is null then 'accepted' else 'duplicate' end) as outcome, r.uscc,
    {{ date_if_readable('r.decision_date') }} as decision_date
{{ landed_rows(kind) }}
join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
{{ kept_out() }}
{{ 'union all' if not loop.last }}
{% endfor %}
