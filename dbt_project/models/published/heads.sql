-- What was built of each record, for the gate: its current version. Of a kind that is no record and keeps
-- no current table it is all versions; the newest per record is its head. Each arm is of one kind and one table that no
-- daily build replaces, read by its own indexes.
{% set asked = ['subject_name', 'uscc', 'decision_no', 'authority_uscc', 'former_names'] %}
{% set decision = {'subject_name': 'subject_name', 'uscc': 'uscc', 'decision_no': 'decision_no',
    'authority_uscc': 'authority_uscc'} %}
{% set own = {
    'administrative_licence': decision,
    'administrative_penalty': decision,
    'enterprise_registration': {'subject_name': 'name', 'uscc': 'uscc', 'former_names': 'former_names'},
    'organisation_registration': {'subject_name': 'subject_name', 'uscc': 'uscc', 'former_names': 'former_names'}
} %}
{% for kind in all_kinds() -%}
{% set columns = own[kind] or {} -%}
select
    '{{ kind }}' as kind, h.record_id, h.variant, h.dataset_id, h.batch_seq, h.row_no, h.source_version, h.content_hash
    {%- for name in asked %},
    {% if name in columns %}h.{{ columns[name] }}
    {%- else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ name }}
    {%- endfor %}
{% if kind in own -%}
from {{ ref('int_' ~ kind ~ '__current') }} h
{% elif kind in record_kinds() -%}
from {{ ref('int_records__current') }} h where h.kind = '{{ kind }}'
{% else -%}
from {{ ref('stg_' ~ kind) }} h
{% endif -%}
{{ 'union all' if not loop.last }}
{% endfor %}
