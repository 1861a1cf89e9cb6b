{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          meta={'takes_out': keys_of('int_administrative_penalty__changes', ['record_id'],
                                      where="change = 'delete'")}) }}
-- 行政处罚（法人及非法人组织、个体工商户）, with severity class and the end of publication.
{{ organisation_decisions('administrative_penalty', ['violation_type', 'violation_facts', 'legal_basis',
    'penalty_category',
    'penalty_content', 'fine_amount_wan', 'confiscated_amount_wan', 'suspended_or_revoked_licence', 'valid_until',
    'severity_class', 'publication_until', 'publication_state']) }}
