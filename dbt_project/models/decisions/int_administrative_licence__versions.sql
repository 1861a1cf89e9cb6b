{{ config(materialized='view') }}
-- Every accepted version in version order; a late older version stands in history, never on top.
select
    record_id, batch_seq, attempt, row_no, source_version, content_hash, accepted_on,
    row_number() over (partition by record_id order by source_version, batch_seq, row_no) as version_no,
    lead(accepted_on) over (partition by record_id order by source_version, batch_seq, row_no) as superseded_on
from {{ ref('stg_administrative_licence') }}
