{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['unit_id', 'kind'],
          indexes=[{'columns': ['unit_id', 'kind'], 'unique': true}]) }}
-- Organisations' records accepted per department and kind, and those of them linked to a subject. A build subtracts
-- what its changed records were and adds what they are; a row knows the build it applied last, so a resumed build adds
-- nothing twice.
{%- set changes = ref('int_records__changes') %}
with images as (
    {%- if is_incremental() %}
    select old_unit_id as unit_id, kind, old_link_state as link_state, -1 as sign
    from {{ changes }}
    where build_id = {{ var('build_id') }} and subject_class = 'organisation' and old_image_hash is not null
    union all
    select new_unit_id, kind, new_link_state, 1
    from {{ changes }}
    where build_id = {{ var('build_id') }} and subject_class = 'organisation' and new_image_hash is not null
    {%- else %}
    select unit_id, kind, link_state, 1 as sign
    from {{ ref('int_records__current') }} where subject_class = 'organisation'
    {%- endif %}
), delta as (
    select unit_id, kind, sum(sign) as accepted, sum(case when link_state = 'linked' then sign else 0 end) as linked
    from images
    group by unit_id, kind
)
{%- if is_incremental() %}
select d.unit_id, d.kind, cast(coalesce(b.accepted, 0) + d.accepted as bigint) as accepted,
    cast(coalesce(b.linked, 0) + d.linked as bigint) as linked, cast({{ var('build_id') }} as bigint) as build_id
from delta d
left join {{ this }} b on b.unit_id = d.unit_id and b.kind = d.kind
where b.build_id is null or b.build_id < {{ var('build_id') }}
{%- else %}
select unit_id, kind, cast(accepted as bigint) as accepted, cast(linked as bigint) as linked,
    cast({{ var('build_id') }} as bigint) as build_id
from delta
{%- endif %}
