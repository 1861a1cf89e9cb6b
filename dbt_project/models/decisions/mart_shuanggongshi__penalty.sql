{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          pre_hook="{{ drop_vanished('administrative_penalty') }}") }}
-- depends_on: {{ ref('int_administrative_penalty__changes') }}
-- 行政处罚（法人及非法人组织、个体工商户）, with severity class and the end of publication.
{{ organisation_decisions('administrative_penalty', ['violation_type', 'violation_facts', 'legal_basis',
    'penalty_category',
    'penalty_content', 'fine_amount_wan', 'confiscated_amount_wan', 'suspended_or_revoked_licence', 'valid_until',
    'severity_class', 'publication_until', 'publication_state']) }}
