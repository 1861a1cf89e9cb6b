{#- How a table is kept from build to build (docs/build-protocol.md), in one transaction:

    made anew (first build, full refresh)   filled, indexed, put in the place of the old one
    otherwise                               what this build changes is taken out, the model's rows are computed, then
                                            appended or merged

    and its grain is kept. Either all of it can be seen or nothing. In the config of a model:

    incremental_strategy    append, or merge by unique_key
    meta.takes_out          the rows that go out first: keys_of(a model), inputs_of(kinds)
    meta.once               a build that stands there already adds nothing: what it compared with has moved on
    meta.grain              columns of which the table takes every value once
    meta.of_build           on a table that is no incremental one: it speaks of one build alone, made anew by each -#}
{% materialization incremental, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set filled = make_intermediate_relation(target) -%}
    {%- set replaced = make_backup_relation(target, existing.type if existing else 'table') -%}
    {%- set anew = existing is none or existing.is_view or should_full_refresh() -%}
    {%- set meta = model.config.meta -%}
    {{ drop_relation_if_exists(load_cached_relation(filled)) }}
    {{ drop_relation_if_exists(load_cached_relation(replaced)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if anew %}
        {%- set into = filled if existing else target -%}
        {% call statement('main') %}{{ get_create_table_as_sql(False, into, sql) }}{% endcall %}
        {% do create_indexes(into) %}
        {% if existing %}
            {% do adapter.rename_relation(existing, replaced) %}
            {% do adapter.rename_relation(filled, target) %}
        {% endif %}
    {% elif meta.get('once') and stands_there(target) %}
        {% call statement('main') %}select 1 where false{% endcall %}
    {% else %}
        {% if meta.get('takes_out') %}
            {% call statement('takes_out') %}{{ delete_taken_out(target, meta.takes_out) }}{% endcall %}
        {% endif %}
        {%- set computed = make_temp_relation(target) -%}
        {% do run_query(get_create_table_as_sql(True, computed, sql)) %}
        {%- set columns = process_schema_changes(
            incremental_validate_on_schema_change(config.get('on_schema_change')), computed, existing)
            or adapter.get_columns_in_relation(existing) -%}
        {%- set put_in = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy')) -%}
        {% call statement('main') %}
            {{ put_in({'target_relation': target, 'temp_relation': computed, 'dest_columns': columns,
                       'unique_key': config.get('unique_key'), 'incremental_predicates': none}) }}
        {% endcall %}
    {% endif %}

    {% do keep_grain(target, meta.get('grain', [])) %}
    {% if anew %}
        {% call statement('statistics') %}{{ take_statistics(target) }}{% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% if anew and existing %}{% do adapter.drop_relation(replaced) %}{% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Whether this build has written to a table. -#}
{% macro stands_there(relation) -%}
    {%- set found = run_query("select 1 from " ~ relation ~ " where build_id = " ~ var('build_id') ~ " limit 1") -%}
    {%- do return(found.rows | length > 0) -%}
{%- endmacro %}

{#- The rows of a table whose key stands in another relation, as far as this build wrote there; see keys_of. What is
    of_build holds nothing else. -#}
{% macro delete_taken_out(relation, keys) -%}
    {%- set told_by = graph.nodes['model.' ~ project_name ~ '.' ~ keys.model] if keys.model else none -%}
    delete from {{ relation }} where ({{ keys.key | join(', ') }}) in (
        select {{ keys.key | join(', ') }} from {{ source(*keys.source) if keys.source else ref(keys.model) }}
        where {{ keys.where }}
        {%- if not (told_by and told_by.config.meta.of_build) %} and build_id = {{ var('build_id') }}{% endif %})
{%- endmacro %}

{#- The database takes no row of a grain twice, also where the table was made by an earlier version of the model or is
    never made anew. -#}
{% macro keep_grain(relation, grain) -%}
    {%- if grain -%}
    {%- set kept = run_query(
        "select 1 from pg_index i where i.indrelid = cast('" ~ relation ~ "' as regclass) and i.indisunique and ("
        ~ "select string_agg(a.attname, ',' order by a.attname) from pg_attribute a "
        ~ "where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) = '" ~ (grain | sort | join(',')) ~ "'") -%}
    {%- if not kept.rows %}
    {%- call statement('grain') %}
    delete from {{ relation }} twice using {{ relation }} once
    where twice.ctid > once.ctid {% for name in grain %}and twice.{{ name }} = once.{{ name }} {% endfor %};
    create unique index on {{ relation }} ({{ grain | join(', ') }})
    {%- endcall -%}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}
