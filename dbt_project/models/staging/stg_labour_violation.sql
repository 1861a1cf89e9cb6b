-- Made from include/catalogue/kinds/labour_violation.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['labour_violation'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('labour_violation') }}
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
    r.violation_type,
    r.facts,
    {{ given_count('r.workers_count') }} as workers_count,
    {{ given_amount('r.amount_wan') }} as amount_wan,
    {{ given_date('r.decision_date') }} as decision_date,
    r.outcome,
    {{ given_date('r.published_on') }} as published_on,
    {{ given_date('r.corrected_on') }} as corrected_on,
    r.authority_name,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
