{{ config(meta={'takes_out': inputs_of(['decision_ledger'])},
    indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
with live as (
    {{ live_attempts('decision_ledger') }}
)
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, b.dataset_id,
    coalesce(b.gated_on, b.business_date) as accepted_on, r.month, r.unit_uscc, r.unit_name, r.decision_table,
    cast(r.generated_count as integer) as generated_count,
    cast({{ given('r.own_site_published_count') }} as integer) as own_site_published_count, r.unreported_reason
from live
join {{ source('raw', 'decision_ledger') }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
{{ kept_out() }}
where o.row_no is null and u.batch_seq is null and r.record_id is not null
