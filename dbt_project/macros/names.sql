{#- Schemas are used as they are named, never prefixed with the target's. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{#- Folds a name for comparison only: NFKC, upper case, no blanks, one kind of bracket. -#}
{% macro same_name(column) -%}
    translate(upper(normalize({{ column }}, NFKC)), '〔〕【】[] {{ "\t" }}', '()()()')
{%- endmacro %}
