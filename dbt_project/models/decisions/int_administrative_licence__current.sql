{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          pre_hook="{{ drop_vanished('administrative_licence') }}",
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['decision_no']}, {'columns': ['uscc']}]) }}
-- depends_on: {{ ref('int_administrative_licence__changes') }}
{{ decision_current('administrative_licence') }}
