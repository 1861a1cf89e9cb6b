{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          meta={'takes_out': keys_of('int_administrative_penalty__changes', ['record_id'], where="change = 'delete'")},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['decision_no']}, {'columns': ['uscc']},
                   {'columns': ['publication_state', 'publication_until']}]) }}
{{ decision_current('administrative_penalty') }}
