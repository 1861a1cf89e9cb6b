{{ config(
    materialized='incremental', incremental_strategy='merge', unique_key='record_id', on_schema_change='fail',
    meta={'takes_out': keys_of('int_administrative_licence__changes', ['record_id'], where="change = 'delete'")},
    indexes=[{'columns': ['build_id']}]) }}
-- 行政许可（自然人）, sealed: dated facts with their source, for the city platform only.
select
    d.record_id, d.id_no as person_ref, d.decision_no, d.decision_date, d.licence_category, d.valid_from, d.valid_to,
    d.licence_state, d.authority_name, d.authority_uscc, d.unit_id, d.dataset_id, d.state, d.first_accepted_on,
    w.deadline, w.deadline_provisional,
    d.first_accepted_on > w.deadline as late, d.batch_seq, d.attempt, d.row_no, d.build_id
from {{ ref('int_administrative_licence__current') }} d
left join {{ ref('int_working_days__deadlines') }} w on w.day = d.decision_date
where d.variant = 'person'
{%- if is_incremental() %}
  and d.record_id in (
      select record_id from {{ ref('int_administrative_licence__changes') }} where build_id = {{ var('build_id') }})
{%- endif %}
