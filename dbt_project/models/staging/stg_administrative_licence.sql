-- Made from include/catalogue/kinds/administrative_licence.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['administrative_licence'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('administrative_licence') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.subject_name,
    r.subject_category,
    r.uscc,
    r.business_reg_no,
    r.org_code,
    r.tax_reg_no,
    r.institution_cert_no,
    r.social_org_cert_no,
    r.legal_rep_name,
    r.legal_rep_id_type,
    r.legal_rep_id_no,
    r.decision_title,
    r.decision_no,
    r.licence_category,
    r.certificate_name,
    r.licence_no,
    r.licence_content,
    {{ given_date('r.decision_date') }} as decision_date,
    {{ given_date('r.valid_from') }} as valid_from,
    {{ given_date('r.valid_to') }} as valid_to,
    r.authority_name,
    r.authority_uscc,
    r.licence_state,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark,
    r.id_type,
    r.id_no
from accepted r
