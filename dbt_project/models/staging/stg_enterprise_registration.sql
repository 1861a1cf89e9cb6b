{{ config(meta={'takes_out': inputs_of(['enterprise_registration'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
with live as (
    {{ live_attempts('enterprise_registration') }}
)
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, b.dataset_id,
    b.delivery_mode, coalesce(b.gated_on, b.business_date) as accepted_on, r.uscc, r.name, r.former_names,
    r.business_reg_no, r.subject_scheme, r.subject_value,
    r.org_code, r.entity_type, {{ given_date('r.established_on') }} as established_on, r.address, r.state
from live
join {{ source('raw', 'enterprise_registration') }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
{{ kept_out() }}
where o.row_no is null and u.batch_seq is null and r.record_id is not null
