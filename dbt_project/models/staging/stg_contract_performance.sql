-- Made from include/catalogue/kinds/contract_performance.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['contract_performance'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('contract_performance') }}
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
    r.contract_no,
    r.contract_name,
    r.contract_kind,
    r.subject_role,
    r.counterparty_name,
    {{ given_amount('r.amount_wan') }} as amount_wan,
    {{ given_date('r.signed_on') }} as signed_on,
    {{ given_date('r.due_on') }} as due_on,
    r.performance,
    {{ given_date('r.evaluated_on') }} as evaluated_on,
    r.breach_detail,
    r.authority_name,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
