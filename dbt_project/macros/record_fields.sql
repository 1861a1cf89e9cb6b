{#- The fields of a kind's raw table with their types, in the order of the catalogue: as they were applied last, so
    that what is staged and the table always agree. -#}
{% macro record_fields(kind) -%}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(fields_applied(kind)).rows | list) -%}
{%- endmacro %}
