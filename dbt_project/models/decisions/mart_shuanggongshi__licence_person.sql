{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          meta={'takes_out': keys_of('int_administrative_licence__changes', ['record_id'],
                                      where="change = 'delete'")}) }}
-- 行政许可（自然人）, sealed: dated facts with their source, for the city platform only.
{{ person_decisions('administrative_licence', ['licence_category', 'valid_from', 'valid_to', 'licence_state']) }}
