{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='record_id',
    indexes=[{'columns': ['build_id']}],
          meta={'takes_out': keys_of('int_administrative_licence__changes', ['record_id'],
                                      where="change = 'delete'")}) }}
-- 行政许可（法人及非法人组织、个体工商户）.
{{ organisation_decisions('administrative_licence', ['decision_title', 'licence_category', 'certificate_name',
    'licence_no',
    'licence_content', 'valid_from', 'valid_to', 'licence_state']) }}
