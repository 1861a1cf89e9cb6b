-- Made from include/catalogue/kinds/practitioner_registration.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['practitioner_registration'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('practitioner_registration') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.subject_name,
    r.id_type,
    r.id_no,
    r.profession,
    r.register_name,
    r.certificate_no,
    {{ given_date('r.issued_on') }} as issued_on,
    {{ given_date('r.valid_to') }} as valid_to,
    r.practice_org_name,
    r.practice_org_uscc,
    r.state,
    {{ given_date('r.state_on') }} as state_on,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
