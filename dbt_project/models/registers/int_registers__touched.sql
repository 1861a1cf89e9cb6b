{{ config(meta={'of_build': true}, indexes=[{'columns': ['record_id'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- Records of the registers whose current version this build may change: of them it takes versions in, or a replay in it
-- takes some back.
{%- set kinds = kinds_of_build() | select('in', register_kinds()) | list %}
{%- set landed = ref('stg_landed_row') %}
{%- for kind in register_kinds() %}{% do ref('stg_' ~ kind) %}{% endfor %}
{%- for kind in kinds %}
select s.record_id
from {{ source('ledger', 'build_input') }} i
join {{ ref('stg_' ~ kind) }} s on s.batch_seq = i.batch_seq and s.attempt = i.attempt
where i.build_id = {{ var('build_id') }} and i.kind = '{{ kind }}'
union
select r.record_id
from {{ source('ledger', 'build_input') }} i
join {{ landed }} r on r.kind = '{{ kind }}' and r.batch_seq = i.batch_seq and r.attempt = i.attempt
where i.build_id = {{ var('build_id') }} and i.kind = '{{ kind }}' and i.operation = 'remove' and r.record_id is not null
{{ 'union' if not loop.last }}
{%- else %}
select cast(null as {{ dbt.type_string() }}) as record_id where false
{%- endfor %}
