-- Made from include/catalogue/kinds/organisation_registration.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['organisation_registration'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('organisation_registration') }}
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
    r.former_names,
    r.predecessor_uscc,
    r.org_type,
    r.sponsor_name,
    {{ given_date('r.established_on') }} as established_on,
    r.address,
    r.state,
    {{ given_date('r.state_on') }} as state_on,
    r.legal_rep_name,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
