-- Made from include/catalogue/kinds/judgment_debtor.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['judgment_debtor'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('judgment_debtor') }}
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
    r.case_no,
    r.basis_no,
    r.court_name,
    r.obligation,
    r.performance,
    r.conduct,
    {{ given_date('r.filed_on') }} as filed_on,
    {{ given_date('r.published_on') }} as published_on,
    {{ given_date('r.removed_on') }} as removed_on,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark,
    r.id_type,
    r.id_no
from accepted r
