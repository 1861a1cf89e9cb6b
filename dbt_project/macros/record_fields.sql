{#- The fields of a kind's raw table with their types, in the order of the catalogue: as they were applied last, so
    that what is staged and the table always agree. -#}
{% macro record_fields(kind) -%}
    {%- set shapes = 'ledger.kind_shape' -%}  {#- read while compiling: no edge of the graph, also in a unit test -#}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- set found = run_query("select f.spec ->> 'name', f.spec ->> 'type' from " ~ shapes
        ~ " k cross join lateral jsonb_array_elements(k.shape -> 'fields') with ordinality f (spec, place) where k.kind = '"
        ~ kind ~ "' order by f.place") -%}
    {%- do return(found.rows | list) -%}
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
