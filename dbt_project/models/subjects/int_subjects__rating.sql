{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['subject_id']}]) }}
-- Statutory ratings as their departments delivered them, by subject: what a profile's newest ratings are read from.
select
    c.record_id, c.subject_id, c.topic as domain, s.grade, s.period, c.event_on, c.state,
    cast({{ var('build_id') }} as bigint) as build_id
from {{ ref('int_records__current') }} c
join {{ ref('stg_statutory_rating') }} s on {{ same_row('s', 'c') }}
where c.kind = 'statutory_rating' and c.subject_id is not null and {{ changed_records('c') }}
