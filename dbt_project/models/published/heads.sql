-- What was built of each record, for the gate: its current version, or all versions where no current table is kept; the
-- newest per record is its head. Each arm is one table that no daily build replaces, read by its own indexes.
{% set asked = ['subject_name', 'uscc', 'decision_no', 'authority_uscc', 'former_names'] %}
{% set decision = {'subject_name': 'subject_name', 'uscc': 'uscc', 'decision_no': 'decision_no',
    'authority_uscc': 'authority_uscc'} %}
{% set arms = {
    'administrative_licence': decision,
    'administrative_penalty': decision,
    'enterprise_registration': {'subject_name': 'name', 'uscc': 'uscc', 'former_names': 'former_names'},
    'organisation_registration': {'subject_name': 'subject_name', 'uscc': 'uscc', 'former_names': 'former_names'},
    'practitioner_registration': {}, 'statutory_rating': {}, 'inspection_result': {}, 'honour': {}, 'breach_list': {},
    'abnormal_operation': {}, 'judgment_debtor': {}, 'contract_performance': {}, 'social_insurance_payment': {},
    'labour_violation': {}, 'disclosure_item': {}, 'commitment': {}, 'decision_event': {}, 'decision_ledger': {},
    'training_count': {}, 'sector_roster': {}, 'aggregate_count': {}
} %}
{% for kind, columns in arms.items() -%}
select
    '{{ kind }}' as kind, h.record_id, h.variant, h.dataset_id, h.batch_seq, h.row_no, h.source_version, h.content_hash
    {%- for name in asked %},
    {% if name in columns %}h.{{ columns[name] }}
    {%- else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ name }}
    {%- endfor %}
from {{ ref('int_' ~ kind ~ '__current' if 'decision_no' in columns else 'stg_' ~ kind) }} h
{{ 'union all' if not loop.last }}
{% endfor %}
