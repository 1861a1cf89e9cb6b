{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['unit_id', 'kind'],
          indexes=[{'columns': ['unit_id', 'kind'], 'unique': true}]) }}
-- Additive counters per department and kind: organisations' records accepted, and those of them linked to a subject.
with images as (
    {{ signed_images(['unit_id', 'link_state']) }}
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
