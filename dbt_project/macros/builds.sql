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

{#- What goes out of a table before a build's rows come in (meta.takes_out): rows whose key stands in a model, as far as
    this build wrote there. The model is an edge of the graph: it is built first. -#}
{% macro keys_of(model_name, key, where='true') -%}
    {%- do ref(model_name) -%}
    {%- do return({'model': model_name, 'key': key, 'where': where}) -%}
{%- endmacro %}

{#- The same, by what the build takes in, or a replay in it takes back, of some kinds: a resumed build is the same. -#}
{% macro inputs_of(kinds) -%}
    {%- do return({'source': ['ledger', 'build_input'], 'key': ['batch_seq', 'attempt'],
        'where': "kind in ('" ~ kinds | join("', '") ~ "')"}) -%}
{%- endmacro %}

{#- A table as the build before left it, none where there is none yet. Read without an edge of the graph: what asks
    which records a build may change stands before the table those records are merged into, and the graph has no
    circles. The table is written later in the same build, and by nothing else while it runs. -#}
{% macro previous(name) -%}
    {%- if execute -%}
    {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
    {%- do return(adapter.get_relation(database=target.database, schema=node.schema, identifier=node.alias)) -%}
    {%- endif -%}
{%- endmacro %}

{#- Numbers of the batches of a kind this build takes in or takes back; null, which no batch bears, where there is
    none. -#}
{% macro batches_of_build(kind) -%}
    {%- if not execute -%}{%- do return(['null']) -%}{%- endif -%}
    {%- set found = run_query("select distinct batch_seq from " ~ source('ledger', 'build_input') ~ " where build_id = "
        ~ var('build_id') ~ " and kind = '" ~ kind ~ "' order by 1") -%}
    {%- do return(found.columns[0].values() | list or ['null']) -%}
{%- endmacro %}

{#- Kinds this build has inputs of: what did not come costs nothing, not even a plan. -#}
{% macro kinds_of_build(condition="true") -%}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- set found = run_query("select distinct i.kind from " ~ source('ledger', 'build_input') ~ " i join "
        ~ source('ledger', 'batch') ~ " b on b.seq = i.batch_seq where i.build_id = " ~ var('build_id') ~ " and " ~ condition ~ " order by 1") -%}
    {%- do return(found.columns[0].values() | list) -%}
{%- endmacro %}
