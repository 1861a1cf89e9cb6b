{#- Tables and views that every build makes anew, each in one statement of one transaction: computed beside what is there,
    then put in its place. What dbt does step by step, with a rename and a drop of its own for each. -#}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set filled = make_intermediate_relation(target) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {{ get_create_table_as_sql(False, filled, sql) }}
        {{ index_statements(filled) }}
        {{ put_in_place(existing, filled, target) }}
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
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- The indexes of a model's config on a table that was just filled. -#}
{% macro index_statements(relation) -%}
    {%- for index in config.get('indexes', []) %}{{ get_create_index_sql(relation, index) }};{% endfor -%}
{%- endmacro %}

{#- A filled table takes the place and the name of what is there; views over that go with it, later models make them anew. -#}
{% macro put_in_place(existing, filled, target) -%}
    {%- if existing %}drop {{ existing.type }} if exists {{ existing }} cascade;{% endif %}
    alter table {{ filled }} rename to {{ adapter.quote(target.identifier) }};
{%- endmacro %}
