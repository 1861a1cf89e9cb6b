{{ config(materialized='view') }}
-- Every version of every record with the days it was what was known (known_from <= day < known_to, null = still).
select
    record_id, version_no, kind, variant, dataset_id, unit_id, batch_seq, attempt, row_no, source_version, content_hash,
    accepted_on, known_from, known_to, subject_class, lookup_scheme, lookup_value, person_ref, subject_name, nature,
    topic, title, detail, document_no, authority_name, authority_uscc, severity_class, event_on, ends_on, exited_on,
    revoked_on, replaced_on, repaired_on, objected_on, objection_closed_on,
    {{ record_state('h', 'h.known_from') }} as state
from {{ ref('int_records__history') }} h
