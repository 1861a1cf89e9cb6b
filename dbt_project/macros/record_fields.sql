{#- The fields of a kind's raw table with their types, in the order of the catalogue: as they were applied last, so
    that what is staged and the table always agree. -#}
{% macro record_fields(kind) -%}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(fields_applied(kind)).rows | list) -%}
{%- endmacro %}

{#- A field of the raw row "r" by the type the catalogue gives it; '' on arrival means "not given". -#}
{% macro typed(name, type) -%}
    {%- set name = adapter.quote(name) -%}
    {%- if type == 'date' %}{{ given_date('r.' ~ name) }} as {{ name }}
    {%- elif type == 'decimal' %}{{ given_amount('r.' ~ name) }} as {{ name }}
    {%- elif type == 'integer' %}cast({{ given('r.' ~ name) }} as integer) as {{ name }}
    {%- else %}r.{{ name }}
    {%- endif %}
{%- endmacro %}
