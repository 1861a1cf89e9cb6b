{{ config(meta={'takes_out': inputs_of(['decision_event'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['decision_no', 'authority_uscc']},
                   {'columns': ['batch_seq', 'attempt']}]) }}
with live as (
    {{ live_attempts('decision_event') }}
)
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, b.unit_id,
    b.dataset_id,
    coalesce(b.gated_on, b.business_date) as accepted_on, r.event_type, r.decision_table, r.decision_no,
    r.authority_uscc,
    r.subject_name, r.uscc, r.id_no, {{ given_date('r.event_date') }} as event_date, r.basis
from live
join {{ source('raw', 'decision_event') }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
{{ kept_out() }}
where o.row_no is null and u.batch_seq is null and r.record_id is not null
