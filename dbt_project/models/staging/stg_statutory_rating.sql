-- Made from include/catalogue/kinds/statutory_rating.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['statutory_rating'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('statutory_rating') }}
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
    r.rating_domain,
    {{ given_count('r.period') }} as period,
    r.grade,
    {{ given_date('r.decided_on') }} as decided_on,
    {{ given_date('r.valid_to') }} as valid_to,
    r.document_no,
    r.authority_name,
    r.authority_uscc,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
