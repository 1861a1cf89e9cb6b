{% macro _changed_images(kind, variant) -%}
from {{ ref('int_' ~ kind ~ '__current') }} d
left join {{ ref('int_working_days__deadlines') }} w on w.day = d.decision_date
where d.variant = '{{ variant }}'
{%- if is_incremental() %}
  and d.record_id in (select record_id from {{ ref('int_' ~ kind ~ '__changes') }} where build_id = {{ var('build_id') }})
{%- endif %}
{%- endmacro %}

{#- An organisation's decisions, one row per record, from the records that this build changed. -#}
{% macro organisation_decisions(kind, own) %}
select
    d.record_id, d.subject_name, d.subject_category, d.uscc, d.legal_rep_name, d.decision_no, d.decision_date,
    {% for name in own %}d.{{ name }}, {% endfor %}
    d.authority_name, d.authority_uscc, d.source_unit_name, d.unit_id, d.dataset_id, d.state, d.ended_on, d.end_basis,
    d.first_accepted_on, d.accepted_on as version_accepted_on, d.version_count, w.deadline,
    d.first_accepted_on > w.deadline as late, d.batch_seq, d.attempt, d.row_no, d.build_id
{{ _changed_images(kind, 'entity') }}
{% endmacro %}

{% macro person_decisions(kind, own) %}
select
    d.record_id, d.id_no as person_ref, d.decision_no, d.decision_date,
    {% for name in own %}d.{{ name }}, {% endfor %}
    d.authority_name, d.authority_uscc, d.unit_id, d.dataset_id, d.state, d.first_accepted_on, w.deadline,
    d.first_accepted_on > w.deadline as late, d.batch_seq, d.attempt, d.row_no, d.build_id
{{ _changed_images(kind, 'person') }}
{% endmacro %}
