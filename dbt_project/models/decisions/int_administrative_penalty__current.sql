{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          pre_hook="{{ drop_vanished('administrative_penalty') }}",
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['decision_no']}, {'columns': ['uscc']},
                   {'columns': ['publication_state', 'publication_until']}]) }}
-- depends_on: {{ ref('int_administrative_penalty__changes') }}
{{ decision_current('administrative_penalty') }}
