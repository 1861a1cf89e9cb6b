{{ config(
    materialized='incremental', incremental_strategy='merge', unique_key='record_id', on_schema_change='fail',
    meta={'takes_out': keys_of('int_administrative_penalty__changes', ['record_id'], where="change = 'delete'")},
    indexes=[{'columns': ['build_id']}]) }}
-- 行政处罚（法人及非法人组织、个体工商户）, with severity class and the end of publication.
select
    d.record_id, d.subject_name, d.subject_category, d.uscc, d.legal_rep_name, d.decision_no, d.decision_date,
    d.violation_type, d.violation_facts, d.legal_basis, d.penalty_category, d.penalty_content, d.fine_amount_wan,
    d.confiscated_amount_wan, d.suspended_or_revoked_licence, d.valid_until, d.severity_class, d.publication_until,
    d.publication_state, d.authority_name, d.authority_uscc, d.source_unit_name, d.unit_id, d.dataset_id, d.state,
    d.ended_on, d.end_basis, d.first_accepted_on, d.accepted_on as version_accepted_on, d.version_count, w.deadline,
    w.deadline_provisional, d.first_accepted_on > w.deadline as late, d.batch_seq, d.attempt, d.row_no, d.build_id
from {{ ref('int_administrative_penalty__current') }} d
left join {{ ref('int_working_days__deadlines') }} w on w.day = d.decision_date
where d.variant = 'entity'
{%- if is_incremental() %}
  and d.record_id in (
      select record_id from {{ ref('int_administrative_penalty__changes') }} where build_id = {{ var('build_id') }})
{%- endif %}
