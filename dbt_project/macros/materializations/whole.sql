{#- Tables and views that every build makes anew, each in one statement of one transaction: computed beside what is there,
    then put in its place. What dbt does step by step, with a rename and a drop of its own for each. Autovacuum leaves
    alone what speaks of one build: it is gone before that pays. -#}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set filled = make_intermediate_relation(target) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {{ get_create_table_as_sql(False, filled, sql) }}
        {%- if model.config.meta.of_build %}
        alter table {{ filled }} set (autovacuum_enabled = false);
        {%- endif %}
        {{ index_statements(filled) }}
        {{ put_in_place(existing, filled, target) }}
        {{ settle_rights(target) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {%- if existing %}drop {{ existing.type }} if exists {{ existing }} cascade;{% endif %}
        {{ get_create_view_as_sql(target, sql) }}
        {{ settle_rights(target) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- The keys of a model's contract and the indexes of its config, on a table that was just filled. -#}
{% macro index_statements(relation) -%}
    {%- if config.get('contract').enforced -%}
    {%- for key in adapter.render_raw_model_constraints(raw_constraints=model.constraints) %}
    alter table {{ relation }} add {{ key }};
    {%- endfor -%}
    {%- endif -%}
    {%- for index in config.get('indexes', []) %}{{ get_create_index_sql(relation, index) }};{% endfor -%}
{%- endmacro %}

{#- The columns a table with a contract is made with. dbt would make its keys here, too, and fill them row by row. -#}
{% macro postgres__get_table_columns_and_constraints() -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=model.columns) | join(', ') }})
{%- endmacro %}

{#- A filled table takes the place and the name of what is there; views over that go with it, later models make them anew. -#}
{% macro put_in_place(existing, filled, target) -%}
    {%- if existing %}drop {{ existing.type }} if exists {{ existing }} cascade;{% endif %}
    alter table {{ filled }} rename to {{ adapter.quote(target.identifier) }};
{%- endmacro %}
