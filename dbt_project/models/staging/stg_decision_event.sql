-- Made from include/catalogue/kinds/decision_event.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['decision_event'])},
    indexes=[{'columns': ['record_id']}, {'columns': ['decision_no', 'authority_uscc']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('decision_event') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.event_type,
    r.decision_table,
    r.decision_no,
    r.authority_name,
    r.authority_uscc,
    r.subject_name,
    r.uscc,
    r.id_type,
    r.id_no,
    {{ given_date('r.event_date') }} as event_date,
    r.basis,
    r.remark
from accepted r
