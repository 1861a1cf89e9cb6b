{{ config(materialized='view') }}
-- Every current record of a subject, to be read in the order of event_on; a view, because a wide copy would double the
-- store.
select
    subject_id, record_id, kind, variant, dataset_id, unit_id, sectors, disclosure, batch_seq, attempt, row_no,
    source_version, content_hash, received_on, accepted_on, first_accepted_on, version_count, subject_class,
    lookup_scheme, lookup_value, person_ref, subject_name, link_state, link_reason, nature, topic, title, detail,
    document_no, authority_name, authority_uscc, event_on, ends_on, exited_on, severity_class, state, objected,
    state_known_on, build_id
from {{ ref('int_records__current') }}
