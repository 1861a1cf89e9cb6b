-- Made from include/catalogue/kinds/honour.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['honour'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('honour') }}
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
    r.honour_title,
    r.honour_kind,
    r.honour_level,
    r.document_no,
    {{ given_date('r.decided_on') }} as decided_on,
    {{ given_date('r.valid_to') }} as valid_to,
    {{ given_date('r.removed_on') }} as removed_on,
    r.removal_reason,
    r.authority_name,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
