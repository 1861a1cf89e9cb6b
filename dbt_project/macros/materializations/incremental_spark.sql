{#- EXPERIMENTAL. The same on Spark, in a table format that knows MERGE (profile or config: file_format iceberg). A model is
    one commit; one that reads itself is two, as it must not find what goes out: killed between them, the resumed build puts
    in what is missing. What was appended is merged by its grain, so a resumed build adds nothing twice. -#}
{% materialization incremental, adapter='spark', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set meta = model.config.meta -%}
    {%- set key = meta.get('grain') or config.get('unique_key') -%}
    {%- set key = [key] if key is string else key -%}
    {{ run_hooks(pre_hooks) }}
    {% if existing is none or existing.is_view or should_full_refresh() %}
        {% if existing is not none and existing.is_view %}{% do adapter.drop_relation(existing) %}{% endif %}
        {% call statement('main') %}{{ create_table_as(False, target, sql) }}{% endcall %}
        {% call statement('statistics') %}{{ take_statistics(target) }}{% endcall %}
    {% elif meta.get('once') and stands_there(target) %}
        {% call statement('main') %}select 1{% endcall %}
    {% else %}
        {%- set keys = meta.get('takes_out') -%}
        {%- set told_by = (source(*keys.source) if keys.source else ref(keys.model)) if keys else none -%}
        {%- set of_build = keys and keys.model and graph.nodes['model.' ~ project_name ~ '.' ~ keys.model].config.meta.of_build -%}
        {%- set gone = condition_taken_out(keys, of_build, var('build_id'), told_by) if keys else none -%}
        {%- if gone and target | string in sql -%}
        {% call statement('takes_out') %}delete from {{ target }} as kept where {{ gone }}{% endcall %}
        {%- set gone = none -%}
        {%- endif -%}
        {%- set computed = make_temp_relation(target) -%}
        {% call statement('computed') %}{{ create_table_as(True, computed, sql) }}{% endcall %}
        {%- do process_schema_changes(incremental_validate_on_schema_change(config.get('on_schema_change')), computed, existing) -%}
        {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
        {% call statement('main') %}{{ merge_and_take_out(target, computed.include(schema=false), columns, key, gone) }}{% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
