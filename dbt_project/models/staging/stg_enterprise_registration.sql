-- Made from include/catalogue/kinds/enterprise_registration.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['enterprise_registration'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('enterprise_registration') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.name,
    r.uscc,
    r.former_names,
    r.business_reg_no,
    r.org_code,
    r.entity_type,
    {{ given_date('r.established_on') }} as established_on,
    r.address,
    r.state
from accepted r
