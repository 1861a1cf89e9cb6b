{{ config(materialized='incremental', incremental_strategy='merge', unique_key='record_id',
          meta={'takes_out': keys_of('int_administrative_licence__changes', ['record_id'], where="change = 'delete'")},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['decision_no']}, {'columns': ['uscc']},
                   {'columns': ['subject_name']}]) }}
-- The current image of every licence, merged from the touched ones that changed.
select image.*, {{ var('build_id') }} as build_id
from {{ ref('int_administrative_licence__image') }} image
{% if is_incremental() -%}
where exists (select 1 from {{ ref('int_administrative_licence__changes') }} c
              where c.record_id = image.record_id and c.build_id = {{ var('build_id') }})
{%- endif %}
