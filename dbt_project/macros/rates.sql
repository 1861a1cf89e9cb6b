{#- A share with six digits; none where the denominator is missing or zero. -#}
{% macro rate(numerator, denominator) -%}
    cast(round(cast(coalesce({{ numerator }}, 0) as numeric(18, 6)) / nullif({{ denominator }}, 0), 6) as numeric(9, 6))
{%- endmacro %}

{#- The supervision rates, each defined once (domain of the metrics: seed metric_definition). -#}
{% macro reporting_rate(received, generated) -%} {{ rate(received, generated) }} {%- endmacro %}
{% macro late_rate(late, received) -%} {{ rate(late, received) }} {%- endmacro %}
{% macro timely_rate(late, received) -%} {{ rate(received ~ ' - ' ~ late, received) }} {%- endmacro %}
{% macro compliance_rate(accepted, received) -%} {{ rate(accepted, received) }} {%- endmacro %}
{% macro link_rate(linked, accepted) -%} {{ rate(linked, accepted) }} {%- endmacro %}
{% macro publication_rate(published, accepted) -%} {{ rate(published, accepted) }} {%- endmacro %}
{% macro fix_rate(corrected, returned) -%} {{ rate(corrected, returned) }} {%- endmacro %}
