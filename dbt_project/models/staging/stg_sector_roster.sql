{{ config(pre_hook="{{ take_out_inputs('sector_roster') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
with live as (
    {{ live_attempts('sector_roster') }}
)
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, b.unit_id, b.dataset_id,
    b.delivery_mode, coalesce(b.gated_on, b.business_date) as accepted_on, r.roster_name, r.subject_name, r.uscc, r.org_code,
    r.business_reg_no, r.tax_reg_no, r.institution_cert_no, r.social_org_cert_no,
    {{ given_date('r.listed_on') }} as listed_on, {{ given_date('r.removed_on') }} as removed_on
from live
join {{ source('raw', 'sector_roster') }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
left join {{ source('ledger', 'row_outcome') }} o
  on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
where o.row_no is null and r.record_id is not null
