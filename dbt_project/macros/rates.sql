{#- A share with six digits; none where the denominator is missing or zero. -#}
{% macro rate(numerator, denominator) -%}
    cast(round(cast(coalesce({{ numerator }}, 0) as numeric(18, 6)) / nullif({{ denominator }}, 0), 6) as numeric(9, 6))
{%- endmacro %}
