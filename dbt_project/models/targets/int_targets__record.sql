{{ config(materialized='view') }}
-- Catalogue records that make an archive: of organisations, linked, neither revoked nor replaced. Registrations are
-- none.
select record_id, subject_id, topic, unit_id, event_on
from {{ ref('int_records__current') }}
where subject_class = 'organisation' and subject_id is not null and event_on is not null
  and state not in ('revoked', 'replaced')
