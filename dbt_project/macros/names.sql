{#- A model's schema is that of its layer, by which its name begins: marts (mart_, fct_) unless it says another. A
    schema that is configured is used as it is named, never prefixed with the target's. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layers = {'stg': 'staging', 'int': 'intermediate', 'exp': 'exports'} -%}
    {{ custom_schema_name or layers.get(node.name.split('_')[0], target.schema) }}
{%- endmacro %}
