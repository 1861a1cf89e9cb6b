{{ config(materialized='incremental', incremental_strategy='merge', unique_key='subject_id',
          meta={'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['subject_id'], 'unique': true}, {'columns': ['record_id']}]) }}
-- The record that made each subject's archive: the first one by event date. A build looks only at subjects without one
-- and at records that are earlier than the one there is; a covering record that changed has gone out before.
with candidate as (
    select r.subject_id, r.record_id, r.topic, r.event_on
    from {{ ref('int_targets__record') }} r
    {%- if is_incremental() %}
    where r.subject_id in (
        select c.new_subject_id from {{ ref('int_records__changes') }} c
        left join {{ this }} there on there.subject_id = c.new_subject_id
        where c.build_id = {{ var('build_id') }}
          and (there.subject_id is null or c.new_event_on <= there.first_covered_on)
        union
        select c.old_subject_id from {{ ref('int_records__changes') }} c
        left join {{ this }} there on there.subject_id = c.old_subject_id
        where c.build_id = {{ var('build_id') }} and there.subject_id is null)
    {%- endif %}
), ranked as (
    select *, row_number() over (partition by subject_id order by event_on, record_id) as first_one
    from candidate where event_on is not null
)
select subject_id, event_on as first_covered_on, record_id, topic from ranked where first_one = 1
