-- Made from include/catalogue/kinds/commitment.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['commitment'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('commitment') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.subject_name,
    r.uscc,
    r.org_code,
    r.business_reg_no,
    r.tax_reg_no,
    r.institution_cert_no,
    r.social_org_cert_no,
    r.commitment_no,
    r.commitment_type,
    r.commitment_area,
    r.content,
    {{ given_date('r.made_on') }} as made_on,
    {{ given_date('r.due_on') }} as due_on,
    r.fulfilment,
    {{ given_date('r.fulfilment_on') }} as fulfilment_on,
    r.breach_detail,
    r.authority_name,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark,
    r.id_type,
    r.id_no,
    r.profession
from accepted r
