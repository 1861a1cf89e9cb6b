{{ config(materialized='view') }}
-- Every current record of a subject, to be read in the order of event_on; a view, because a wide copy would double the
-- store.
select subject_id, {{ record_columns() | reject('in',
    ['subject_id', 'event_table', 'changes_on', 'placeholder_code']) | join(', ') }}, build_id
from {{ ref('int_records__current') }}
