-- Which build changed which record.
select build_id, record_id, change from {{ ref('int_records__changes') }}
