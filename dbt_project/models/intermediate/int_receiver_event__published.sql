{{ config(materialized='view') }}
-- Records the city platform has published (公示率).
select distinct record_id from {{ source('ledger', 'receiver_event') }} where event = 'published'
