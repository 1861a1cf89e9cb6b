{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          pre_hook="{{ drop_vanished('administrative_penalty') }}") }}
-- depends_on: {{ ref('int_administrative_penalty__changes') }}
-- 行政处罚（自然人）, sealed: dated facts with their source, for the city platform only; never published, never counted.
{{ person_decisions('administrative_penalty', ['penalty_category', 'valid_until']) }}
