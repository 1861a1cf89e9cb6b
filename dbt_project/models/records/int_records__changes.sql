{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['build_id', 'record_id'], 'once': true}, full_refresh=false) }}
-- Old and new image of every record this build changes, appended once per build: what additive marts feed on.
{%- set current = previous('int_records__current') %}
{%- set nothing = "(select * from " ~ ref('int_records__image') ~ " where false)" %}
{%- set images = ['subject_id', 'nature', 'topic', 'state', 'objected', 'severity_class', 'event_on', 'ends_on',
    'exited_on',
                  'link_state', 'dataset_id', 'unit_id', 'image_hash'] %}
select
    cast({{ var('build_id') }} as bigint) as build_id, t.record_id, t.kind,
    case when before.record_id is null then 'insert' when now.record_id is null then 'delete'
        else 'update' end as change,
    coalesce(now.subject_class, before.subject_class) as subject_class,
    {% for name in images -%}
    before.{{ name }} as old_{{ name }}, now.{{ name }} as new_{{ name }},
    {% endfor -%}
    {{ business_day() }} as business_date
from {{ ref('int_records__touched') }} t
left join {{ ref('int_records__image') }} now on now.record_id = t.record_id
left join {{ current or nothing }} before on before.record_id = t.record_id
where (now.record_id is not null or before.record_id is not null)
  and (before.record_id is null or now.record_id is null or before.image_hash <> now.image_hash)
