{#- What profiles, lists and grades share. Records are counted while they stand: not revoked, not replaced by a
    correction. -#}

{% macro stands(state) -%} {{ state }} not in ('revoked', 'replaced') {%- endmacro %}

{#- The current records a model takes in: those of this build, or all of them on a full refresh. -#}
{% macro changed_records(c) -%}
    {%- if is_incremental() %}{{ c }}.build_id = {{ var('build_id') }}{%- else %}true{%- endif -%}
{%- endmacro %}

{#- The staged row a current record was made of. -#}
{% macro same_row(s, c) -%}
    {{ s }}.record_id = {{ c }}.record_id and {{ s }}.batch_seq = {{ c }}.batch_seq and {{ s }}.attempt = {{ c }}.attempt and {{ s }}.row_no = {{ c }}.row_no
{%- endmacro %}
