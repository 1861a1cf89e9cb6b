{{ config(indexes=[{'columns': ['subject_id'], 'unique': true}]) }}
-- The record that made each subject's archive: the first one by event date.
with ranked as (
    select subject_id, record_id, topic, event_on,
        row_number() over (partition by subject_id order by event_on, record_id) as first_one
    from {{ ref('int_targets__record') }}
    where event_on is not null
)
select subject_id, event_on as first_covered_on, record_id, topic from ranked where first_one = 1
