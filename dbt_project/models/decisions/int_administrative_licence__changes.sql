{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['build_id', 'record_id'], 'once': true}, full_refresh=false,
          indexes=[{'columns': ['build_id']}, {'columns': ['record_id']}]) }}
{{ decision_changes('administrative_licence') }}
