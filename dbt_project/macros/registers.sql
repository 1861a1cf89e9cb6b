{#- What the tables of current versions of the registers share. -#}

{#- Registers: kinds that say which organisations there are. -#}
{% macro register_kinds() -%}
    {%- do return(['enterprise_registration', 'organisation_registration']) -%}
{%- endmacro %}

{#- The CTE "versions": those of the records a build touches, the newest first; on a full refresh those of all. -#}
{% macro newest_versions(kind) -%}
with versions as (
    select s.*, row_number() over (
        partition by s.record_id order by s.source_version desc, s.batch_seq desc, s.row_no desc) as newest
    from {{ ref('stg_' ~ kind) }} s
    {%- if is_incremental() %}
    where s.record_id in (select record_id from {{ ref('int_registers__touched') }})
    {%- endif %}
)
{%- endmacro %}
