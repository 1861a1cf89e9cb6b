{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          meta={'takes_out': keys_of('int_administrative_licence__changes', ['record_id'], where="change = 'delete'")},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['decision_no']}, {'columns': ['uscc']}]) }}
{{ decision_current('administrative_licence') }}
