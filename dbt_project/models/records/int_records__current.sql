{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          meta={'takes_out': keys_of('int_records__changes', ['record_id'], where="change = 'delete'")},
          on_schema_change='fail',
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['subject_id']},
                   {'columns': ['lookup_value', 'lookup_scheme']}, {'columns': ['document_no', 'authority_uscc']},
                   {'columns': ['changes_on']}, {'columns': ['build_id']}]) }}
-- The current image of every record, merged from the touched ones that changed.
select image.*, cast({{ var('build_id') }} as bigint) as build_id
from {{ ref('int_records__image') }} image
{% if is_incremental() -%}
where exists (select 1 from {{ ref('int_records__changes') }} c
              where c.record_id = image.record_id and c.build_id = {{ var('build_id') }})
{%- endif %}
