-- Whom each record is about; the link is part of the record's image, so a merge or split changes it like any event.
select
    record_id, kind, unit_id, dataset_id, subject_class, lookup_scheme, lookup_value, subject_id, link_state,
    link_reason, build_id
from {{ ref('int_records__current') }}
