{#- Facts (f) and rules (r) of the food and drug grades. -#}

{% macro window_end(f, r) -%} cast({{ dbt.dateadd('month', r ~ '.months', f ~ '.event_on') }} as date) {%- endmacro %}

{% macro within(f, r, day) -%} ({{ day }} < {{ window_end(f, r) }} or ({{ f }}.fact = 'serious_list' and {{ f }}.state = 'current')) {%- endmacro %}

{% macro is_adverse(f) -%} {{ f }}.fact in ('serious_penalty', 'penalty', 'serious_list', 'failed_sampling') {%- endmacro %}

{#- Facts a grade can rest on; the others only make a subject an enterprise of food or drugs. -#}
{% macro weighs(f) -%} {{ f }}.fact in ('serious_penalty', 'penalty', 'serious_list', 'failed_sampling', 'honour') {%- endmacro %}

{#- True when a grade by this rule rests on the fact. -#}
{% macro rests_on(f, r, day) -%}
    ((({{ f }}.fact = {{ r }}.rule or ({{ r }}.rule = 'penalty' and {{ f }}.fact = 'serious_penalty')) and {{ within(f, r, day) }})
     or ({{ r }}.rule = 'model' and {{ f }}.fact = 'honour' and {{ f }}.state = 'current'))
{%- endmacro %}
