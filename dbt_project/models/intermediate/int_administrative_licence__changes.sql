{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false,
          indexes=[{'columns': ['build_id']}, {'columns': ['record_id']}]) }}
{{ decision_changes('administrative_licence') }}
