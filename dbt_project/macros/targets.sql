{#- How figures of targets are counted and shown; every mart of targets goes through these. -#}

{#- Percent with four digits; none where the denominator is missing or zero (没有分母不出比率). -#}
{% macro percent(numerator, denominator) -%}
    cast(round(100 * cast({{ numerator }} as numeric(18, 6)) / nullif({{ denominator }}, 0), 4) as numeric(9, 4))
{%- endmacro %}

{#- The percent expected at a day: linear from the issue of the plan (2016-11-09) to the due date, then the goal itself. -#}
{% macro pace(day, due_on, goal) -%}
    cast(round({{ goal }} * least(1, greatest(0, cast({{ day }} - cast('2016-11-09' as date) as numeric(12, 6))
        / ({{ due_on }} - cast('2016-11-09' as date)))), 4) as numeric(9, 4))
{%- endmacro %}

{#- Cells of person counts under five are not shown in drill-downs (project limits). -#}
{% macro small_cell(value) -%} coalesce({{ value }} between 1 and 4, false) {%- endmacro %}

{#- First identifier given, in the order of the subject block; the name only where no code is given. -#}
{% macro lookup_scheme(row) -%}
    case when {{ row }}.uscc <> '' then 'uscc' when {{ row }}.org_code <> '' then 'org'
         when {{ row }}.business_reg_no <> '' then 'reg' when {{ row }}.tax_reg_no <> '' then 'tax'
         when {{ row }}.institution_cert_no <> '' then 'inst' when {{ row }}.social_org_cert_no <> '' then 'soc'
         else 'name' end
{%- endmacro %}
{% macro lookup_value(row) -%}
    coalesce(nullif({{ row }}.uscc, ''), nullif({{ row }}.org_code, ''), nullif({{ row }}.business_reg_no, ''),
             nullif({{ row }}.tax_reg_no, ''), nullif({{ row }}.institution_cert_no, ''),
             nullif({{ row }}.social_org_cert_no, ''), {{ same_name(row ~ '.subject_name') }})
{%- endmacro %}
