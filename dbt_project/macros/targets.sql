{#- How figures of targets are counted and shown; every mart of targets goes through these. -#}

{#- Percent with four digits; none where the denominator is missing or zero (没有分母不出比率). -#}
{% macro percent(numerator, denominator) -%}
    cast(round(100 * cast({{ numerator }} as numeric(18, 6)) / nullif({{ denominator }}, 0), 4) as numeric(9, 4))
{%- endmacro %}

{#- The percent expected at a day: linear from the issue of the plan (2016-11-09) to the due date, then the goal. -#}
{% macro pace(day, due_on, goal) -%}
    {%- set issued = "cast('2016-11-09' as date)" -%}
    cast(round({{ goal }} * least(1, greatest(0, cast({{ days_between(issued, day) }} as numeric(12, 6))
        / ({{ days_between(issued, due_on) }}))), 4) as numeric(9, 4))
{%- endmacro %}

{#- Cells of person counts under five are not shown in drill-downs (project limits). -#}
{% macro small_cell(value) -%} coalesce({{ value }} between 1 and 4, false) {%- endmacro %}
