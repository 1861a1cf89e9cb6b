{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          meta={'takes_out': keys_of('int_administrative_penalty__changes', ['record_id'],
                                      where="change = 'delete'")}) }}
-- 行政处罚（自然人）, sealed: dated facts with their source, for the city platform only; never published, never counted.
{{ person_decisions('administrative_penalty', ['penalty_category', 'valid_until']) }}
