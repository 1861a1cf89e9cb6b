{#- How a table is kept from build to build (docs/build-protocol.md), in one transaction:

    made anew (first build, full refresh)   filled, indexed, put in the place of the old one
    otherwise                               what this build changes is taken out, the model's rows are computed, then
                                            appended or merged; where nothing goes out, nothing is appended

    and its grain is kept. Either all of it can be seen or nothing. In the config of a model:

    incremental_strategy    append, or merge by unique_key
    meta.takes_out          the rows that go out first: keys_of(a model), inputs_of(kinds)
    meta.once               a build that stands there already adds nothing: what it compared with has moved on
    meta.grain              columns of which the table takes every value once
    meta.of_build           on a table that is no incremental one: it speaks of one build alone, made anew by each -#}
{% materialization incremental, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set anew = existing is none or existing.is_view or should_full_refresh() -%}
    {%- set meta = model.config.meta -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if anew %}
        {%- set filled = make_intermediate_relation(target) -%}
        {% call statement('main') %}
            {{ get_create_table_as_sql(False, filled, sql) }}
            {{ index_statements(filled) }}
            {{ put_in_place(existing, filled, target) }}
            {{ grain_statement(target, meta.get('grain', [])) }}
            {{ settle_rights(target) }};
            select pg_stat_force_next_flush();
        {% endcall %}
    {% elif meta.get('once') and stands_there(target)
            or meta.get('takes_out') and config.get('incremental_strategy') == 'append' and not goes_out(meta.takes_out) %}
        {% call statement('main') %}select 1 where false{% endcall %}
    {% else %}
        {%- set computed = make_temp_relation(target) -%}
        {%- set names = run_query(take_out_and_compute(target, meta.get('takes_out'), computed, sql)) -%}
        {%- set columns = columns_put_in(names, computed, existing) -%}
        {%- set put_in = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy')) -%}
        {% call statement('main') %}
            {{ put_in({'target_relation': target, 'temp_relation': computed, 'dest_columns': columns,
                       'unique_key': config.get('unique_key'), 'incremental_predicates': none}) }}
        {% endcall %}
    {% endif %}
    {% if not anew and config.get('full_refresh') is false %}{% do keep_grain(target, meta.get('grain', [])) %}{% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% if anew %}{% do take_statistics_at_last(target) %}{% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Statistics of a table after the transaction that filled it, which has told the server how many rows it put in: taken
    inside of it they count for nothing, and autovacuum takes them again from five times the sample. -#}
{% macro take_statistics_at_last(relation) -%}
    {%- call statement('statistics', auto_begin=True) %}{{ take_statistics(relation) }}{% endcall -%}
    {%- do adapter.commit() -%}
{%- endmacro %}

{#- Whether this build has written to a table. -#}
{% macro stands_there(relation) -%}
    {%- set found = run_query("select 1 from " ~ relation ~ " where build_id = " ~ var('build_id') ~ " limit 1") -%}
    {%- do return(found.rows | length > 0) -%}
{%- endmacro %}

{#- The rows of a table whose key stands in another relation, as far as this build wrote there; see keys_of. -#}
{% macro delete_taken_out(relation, keys) -%}
    delete from {{ relation }} where ({{ keys.key | join(', ') }}) in (
        select {{ keys.key | join(', ') }} {{ taken_out(keys) }})
{%- endmacro %}

{#- Whether this build takes anything out of a table. Where it does not, nothing is appended to it either: what a build
    appends has keys that it takes out, or a resumed build would put it in twice. -#}
{% macro goes_out(keys) -%}
    {%- do return(run_query("select 1 " ~ taken_out(keys) ~ " limit 1").rows | length > 0) -%}
{%- endmacro %}

{#- Where the keys that go out stand. What is of_build holds those of this build alone. -#}
{% macro taken_out(keys) -%}
    {%- set told_by = graph.nodes['model.' ~ project_name ~ '.' ~ keys.model] if keys.model else none -%}
    from {{ source(*keys.source) if keys.source else ref(keys.model) }} where {{ keys.where }}
        {%- if not (told_by and told_by.config.meta.of_build) %} and build_id = {{ var('build_id') }}{% endif %}
{%- endmacro %}

{#- In one go: what goes out, what comes in as a temporary table, and the columns of both, those that are the same told. -#}
{% macro take_out_and_compute(relation, takes_out, computed, sql) -%}
    {%- if takes_out %}{{ delete_taken_out(relation, takes_out) }};{% endif %}
    create temporary table {{ computed }} as ({{ sql }});
    select coalesce(made.name, kept.name) as name, made.name is not null as made, kept.name is not null as kept,
        coalesce(made.type = kept.type, false) as same
    from ({{ columns_of(computed) }}) made full join ({{ columns_of(relation) }}) kept on kept.name = made.name
    order by made.place
{%- endmacro %}

{% macro columns_of(relation) -%}
    select attname as name, atttypid as type, attnum as place from pg_attribute
    where attrelid = cast('{{ relation }}' as regclass) and attnum > 0 and not attisdropped
{%- endmacro %}

{#- The columns that are put in, by on_schema_change: see docs/build-protocol.md. -#}
{% macro columns_put_in(told, computed, existing) -%}
    {%- set on_change = config.get('on_schema_change') -%}
    {%- if on_change == 'append_new_columns' and told.rows | rejectattr('kept') | list -%}
        {%- do return(process_schema_changes(on_change, computed, existing)) -%}
    {%- elif on_change == 'fail' and told.rows | rejectattr('same') | list -%}
        {%- do exceptions.raise_compiler_error('The columns of ' ~ existing ~ ' are not those of its model: '
            ~ told.rows | rejectattr('same') | map(attribute='name') | join(', ')) -%}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in told.rows if column.made and column.kept -%}{%- do columns.append(api.Column.create(column.name, 'text')) -%}{%- endfor -%}
    {%- do return(columns) -%}
{%- endmacro %}

{#- The database takes no row of a grain twice: a unique index, if no index or key of the model is the same. -#}
{% macro grain_statement(relation, grain) -%}
    {%- set keys = config.get('indexes', []) | selectattr('unique', 'true') | map(attribute='columns') | list
        + model.constraints | map(attribute='columns') | list -%}
    {%- if grain and grain | sort not in keys | map('sort') | list -%}
    create unique index on {{ relation }} ({{ grain | join(', ') }});
    {%- endif -%}
{%- endmacro %}

{#- The same for a table that is never made anew and may be of an earlier version of the model: doubles go out, and so
    do indexes that a unique one begins with. -#}
{% macro keep_grain(relation, grain) -%}
    {%- if grain -%}
    {%- set indexes = run_query(
        "select cast(cast(i.indexrelid as regclass) as text) as name, i.indisunique and ("
        ~ "select string_agg(a.attname, ',' order by a.attname) from pg_attribute a where a.attrelid = i.indrelid "
        ~ "and a.attnum = any(i.indkey)) = '" ~ (grain | sort | join(',')) ~ "' as keeps_grain, "
        ~ "not i.indisunique and i.indpred is null and i.indexprs is null and exists (select 1 from pg_index o "
        ~ "where o.indrelid = i.indrelid and o.indisunique and concat(o.indkey, ' ') like concat(i.indkey, ' %')) "
        ~ "as begins_unique from pg_index i where i.indrelid = cast('" ~ relation ~ "' as regclass)") -%}
    {%- if not indexes.rows | selectattr('keeps_grain') | list %}
    {%- call statement('grain') %}
    delete from {{ relation }} twice using {{ relation }} once
    where twice.ctid > once.ctid {% for name in grain %}and twice.{{ name }} = once.{{ name }} {% endfor %};
    create unique index on {{ relation }} ({{ grain | join(', ') }})
    {%- endcall -%}
    {%- endif -%}
    {%- for index in indexes.rows | selectattr('begins_unique') -%}
    {%- call statement('index') %}drop index {{ index.name }}{% endcall -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
