{#- The frozen inputs of this build. A full refresh takes every attempt that is live after this build. -#}
{% macro live_attempts(kind) -%}
    select i.batch_seq, i.attempt
    from {{ source('ledger', 'build_input') }} i
    where i.kind = '{{ kind }}' and i.operation = 'add'
    {%- if is_incremental() %}
      and i.build_id = {{ var('build_id') }}
    {%- else %}
      and i.build_id <= {{ var('build_id') }}
      and not exists (
        select 1 from {{ source('ledger', 'build_input') }} gone
        where gone.batch_seq = i.batch_seq and gone.attempt = i.attempt and gone.operation = 'remove'
          and gone.build_id > i.build_id and gone.build_id <= {{ var('build_id') }})
    {%- endif %}
{%- endmacro %}

{#- Take out what this build removes or adds again, in the model's transaction: a resumed build is the same build. -#}
{% macro take_out_inputs(kind) -%}
    {%- if is_incremental() %}
    delete from {{ this }} where (batch_seq, attempt) in (
        select batch_seq, attempt from {{ source('ledger', 'build_input') }}
        where build_id = {{ var('build_id') }} and kind = '{{ kind }}')
    {%- else %}select 1{%- endif %}
{%- endmacro %}

{#- A relation of an earlier build, read without an edge in the graph (a model cannot depend on its own successor). -#}
{% macro earlier(name) -%}
    {%- if execute -%}
    {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
    {%- do return(adapter.get_relation(database=target.database, schema=node.schema, identifier=node.alias)) -%}
    {%- endif -%}
{%- endmacro %}

{#- True while a build appends to a history it has not written yet. -#}
{% macro not_yet_written() -%}
    {%- if is_incremental() %}not exists (select 1 from {{ this }} where build_id = {{ var('build_id') }})
    {%- else %}true
    {%- endif -%}
{%- endmacro %}

{#- '' on arrival means "not given". -#}
{% macro given(column) -%} nullif({{ column }}, '') {%- endmacro %}
{% macro given_date(column) -%} cast(nullif({{ column }}, '') as date) {%- endmacro %}
{% macro given_amount(column) -%} cast(nullif({{ column }}, '') as numeric(18, 6)) {%- endmacro %}

{#- Kinds this build has inputs of: what did not come costs nothing, not even a plan. -#}
{% macro kinds_of_build(condition="true") -%}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- set found = run_query("select distinct i.kind from " ~ source('ledger', 'build_input') ~ " i join "
        ~ source('ledger', 'batch') ~ " b on b.seq = i.batch_seq where i.build_id = " ~ var('build_id') ~ " and " ~ condition ~ " order by 1") -%}
    {%- do return(found.columns[0].values() | list) -%}
{%- endmacro %}

{#- Statistics for a table that was filled from nothing, so that what is built on it is not planned blind; later changes
    are left to autovacuum. -#}
{% macro analyze_when_new() -%}
    {%- if model.config.materialized == 'incremental' and not is_incremental() %}{{ take_statistics(this) }}{% endif -%}
{%- endmacro %}

{#- What is appended has a grain (meta.grain of the model): the database takes no row twice, also where the table was
    made by an earlier version of the model or is never made anew. -#}
{% macro keep_grain() -%}
    {%- set grain = model.config.meta.get('grain', []) -%}
    {%- if execute and grain -%}
    {%- set kept = run_query(
        "select 1 from pg_index i where i.indrelid = cast('" ~ this ~ "' as regclass) and i.indisunique and ("
        ~ "select string_agg(a.attname, ',' order by a.attname) from pg_attribute a "
        ~ "where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) = '" ~ (grain | sort | join(',')) ~ "'") -%}
    {%- if not kept.rows %}
    delete from {{ this }} twice using {{ this }} once
    where twice.ctid > once.ctid {% for name in grain %}and twice.{{ name }} = once.{{ name }} {% endfor %};
    create unique index on {{ this }} ({{ grain | join(', ') }})
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}
