{#- Which staged fields a kind's record is made of; nature, topic and term come from the seeds record_topic and
    record_term. event_table: how a decision_event names the kind ('' = none can). A person's record holds the facts of
    the role only. -#}
{% macro record_kinds() -%}
    {%- set person = "s.variant = 'person'" -%}
    {%- do return({
        'administrative_licence': {
            'event_table': '许可', 'title': 's.decision_title', 'detail': "case when " ~ person ~ " then s.licence_category else s.licence_content end",
            'document_no': 's.decision_no', 'event_on': 's.decision_date', 'stated_end_on': 's.valid_to',
            'exited_on': "case when s.licence_state = '2' then s.accepted_on end"},
        'administrative_penalty': {
            'event_table': '处罚', 'title': "case when " ~ person ~ " then s.penalty_category else s.violation_type end",
            'detail': "case when " ~ person ~ " then '' else concat_ws('；', s.penalty_category, nullif(s.penalty_content, '')) end",
            'document_no': 's.decision_no', 'event_on': 's.decision_date', 'severity_class': 'class.severity_class',
            'stated_end_on': publication_end('s', 'class')},
        'statutory_rating': {
            'event_table': '评级', 'topic_value': 's.rating_domain', 'title': "concat_ws('', s.rating_domain, '（', s.period, '年度）')",
            'detail': 's.grade', 'document_no': 's.document_no', 'event_on': 's.decided_on', 'stated_end_on': 's.valid_to'},
        'inspection_result': {
            'event_table': '检查', 'topic_value': 's.variant',
            'title': "concat_ws('：', s.inspection_area, nullif(case when s.variant = 'sampling' then s.product_name else s.inspection_type end, ''))",
            'detail': "concat_ws('；', s.result, nullif(s.findings, ''))", 'document_no': 's.inspection_no', 'event_on': 's.inspected_on'},
        'honour': {
            'event_table': '荣誉', 'topic_value': 's.honour_kind', 'title': 's.honour_title', 'detail': 's.honour_level',
            'document_no': 's.document_no', 'event_on': 's.decided_on', 'stated_end_on': 's.valid_to', 'exited_on': 's.removed_on'},
        'breach_list': {
            'event_table': '名单', 'title': 's.list_name', 'detail': "concat_ws('；', s.reason, nullif(s.legal_basis, ''))",
            'document_no': 's.entry_no', 'event_on': 's.entered_on', 'stated_end_on': 's.term_to', 'exited_on': 's.removed_on'},
        'abnormal_operation': {
            'event_table': '异常', 'title': "'经营异常名录'", 'detail': 's.reason', 'document_no': 's.entry_no',
            'event_on': 's.entered_on', 'exited_on': 's.removed_on'},
        'judgment_debtor': {
            'event_table': '失信', 'title': "'失信被执行人'",
            'detail': "case when " ~ person ~ " then s.performance else concat_ws('；', s.performance, nullif(s.conduct, ''), nullif(s.obligation, '')) end",
            'document_no': 's.case_no', 'authority_name': 's.court_name', 'event_on': 's.published_on', 'exited_on': 's.removed_on'},
        'contract_performance': {
            'event_table': '履约', 'topic_value': 's.performance', 'title': 's.contract_name',
            'detail': "concat_ws('；', s.performance, nullif(s.breach_detail, ''))", 'document_no': 's.contract_no', 'event_on': 's.evaluated_on'},
        'social_insurance_payment': {
            'event_table': '', 'topic_value': 's.payment_state', 'title': "concat_ws('', s.period, ' 单位社会保险缴费')",
            'detail': 's.payment_state', 'event_on': "cast(concat_ws('', s.period, '-01') as date)", 'conduct_ended_on': 's.paid_on'},
        'labour_violation': {
            'event_table': '劳动', 'title': 's.violation_type', 'detail': "concat_ws('；', s.facts, nullif(s.outcome, ''))",
            'document_no': 's.case_no', 'event_on': 's.decision_date', 'conduct_ended_on': 's.corrected_on'},
        'disclosure_item': {
            'event_table': '', 'title': 's.item_title', 'detail': 's.publication_state', 'document_no': 's.item_no',
            'authority_name': 's.source_unit_name', 'authority_uscc': 's.source_unit_uscc', 'event_on': 's.due_on'},
        'commitment': {
            'event_table': '承诺', 'topic_value': 's.fulfilment', 'title': "concat_ws('：', s.commitment_area, s.commitment_type)",
            'detail': "case when " ~ person ~ " then s.fulfilment else concat_ws('；', s.fulfilment, nullif(s.content, ''), nullif(s.breach_detail, '')) end",
            'document_no': 's.commitment_no', 'event_on': 's.made_on', 'conduct_ended_on': 's.fulfilment_on'},
        'practitioner_registration': {
            'event_table': '', 'title': 's.profession', 'detail': "concat_ws('；', s.register_name, nullif(s.practice_org_name, ''), s.state)",
            'document_no': 's.certificate_no', 'authority_name': 's.source_unit_name', 'authority_uscc': 's.source_unit_uscc',
            'event_on': 's.issued_on', 'stated_end_on': 's.valid_to', 'person_only': true,
            'exited_on': "case when s.state in ('注销', '吊销') then coalesce(s.state_on, s.accepted_on) end"}
    }) -%}
{%- endmacro %}

{#- Kinds whose rosters (accepted full snapshots) end what they lack; decisions are events and have none. -#}
{% macro roster_kinds() -%}
    {%- do return(record_kinds() | reject('in', ['administrative_licence', 'administrative_penalty']) | list) -%}
{%- endmacro %}

{#- The staged versions of the touched records of one kind, in the one shape of a record. -#}
{% macro record_versions(kind) %}
{%- set made = record_kinds()[kind] -%}
select
    s.record_id, '{{ kind }}' as kind, s.variant, s.dataset_id, s.unit_id, s.batch_seq, s.attempt, s.row_no, s.source_version,
    s.content_hash, s.received_on, s.accepted_on,
    case when s.variant = 'person' then 'person' else 'organisation' end as subject_class,
    {% if made.person_only -%}
    '' as lookup_scheme, '' as lookup_value, false as placeholder_code, s.id_no as person_ref, '' as subject_name,
    {%- else -%}
    case when s.variant = 'person' then '' else s.subject_scheme end as lookup_scheme,
    case when s.variant = 'person' then '' else s.subject_value end as lookup_value,
    s.subject_scheme in ('name', '') and concat_ws('', s.uscc, s.org_code, s.business_reg_no, s.tax_reg_no,
        s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    {% if kind in ('administrative_licence', 'administrative_penalty', 'judgment_debtor', 'commitment') -%}
    case when s.variant = 'person' then s.id_no else '' end as person_ref,
    case when s.variant = 'person' then '' else s.subject_name end as subject_name,
    {%- else -%}
    '' as person_ref, s.subject_name,
    {%- endif %}
    {%- endif %}
    '{{ made.event_table }}' as event_table, {{ made.topic_value or "''" }} as topic_value, {{ made.title }} as title,
    {{ made.detail }} as detail, {{ made.document_no or "''" }} as document_no,
    {{ made.authority_name or 's.authority_name' }} as authority_name, {{ made.authority_uscc or 's.authority_uscc' }} as authority_uscc,
    {{ made.event_on }} as event_on, {{ made.conduct_ended_on or 'cast(null as date)' }} as conduct_ended_on,
    {{ made.stated_end_on or 'cast(null as date)' }} as stated_end_on, {{ made.exited_on or 'cast(null as date)' }} as exited_on,
    {{ made.severity_class or "''" }} as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_' ~ kind) }} s on s.record_id = t.record_id
{%- if made.severity_class %}
{{ join_severity('s') }}
{%- endif %}
where t.kind = '{{ kind }}'
{% endmacro %}

{#- The state a record has on a day, by what is known of it. -#}
{% macro record_state(r, day) -%}
    case when {{ r }}.revoked_on <= {{ day }} then 'revoked' when {{ r }}.replaced_on <= {{ day }} then 'replaced'
         when {{ r }}.repaired_on <= {{ day }} then 'repaired' when {{ r }}.exited_on <= {{ day }} then 'ended'
         when {{ r }}.ends_on < {{ day }} then 'expired' else 'current' end
{%- endmacro %}

{% macro business_day() -%} cast('{{ var("business_date") }}' as date) {%- endmacro %}

{#- Columns of a record's image, in the order of the contract. -#}
{% macro record_columns() -%}
    {%- do return(['record_id', 'kind', 'variant', 'dataset_id', 'unit_id', 'sectors', 'disclosure', 'batch_seq',
        'attempt', 'row_no', 'source_version', 'content_hash', 'received_on', 'accepted_on', 'first_accepted_on', 'version_count',
        'subject_class', 'lookup_scheme', 'lookup_value', 'placeholder_code', 'person_ref', 'subject_name', 'subject_id',
        'link_state', 'link_reason', 'nature', 'topic', 'event_table', 'title', 'detail', 'document_no', 'authority_name',
        'authority_uscc', 'event_on', 'ends_on', 'exited_on', 'severity_class', 'state', 'objected', 'state_known_on',
        'changes_on']) -%}
{%- endmacro %}
