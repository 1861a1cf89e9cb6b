{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['subject_id', 'kind', 'nature', 'topic'],
                'takes_out': keys_of('int_subjects__touched', ['subject_id'])}) }}
-- How many records an organisation has by kind, nature and topic, those that stand and those still open. A build counts
-- the subjects it touches again, all their records: a subject has few.
select
    c.subject_id, c.kind, c.nature, c.topic,
    cast(count(case when {{ stands('c.state') }} then 1 end) as integer) as records,
    cast(count(case when c.state = 'current' then 1 end) as integer) as open_records,
    cast(count(case when {{ stands('c.state') }} and c.severity_class = 'serious' then 1 end) as integer)
        as serious_records,
    max(case when {{ stands('c.state') }} then c.event_on end) as last_event_on
from {{ ref('int_subjects__touched') }} t
join {{ ref('int_records__current') }} c on c.subject_id = t.subject_id
where c.subject_class = 'organisation'
group by c.subject_id, c.kind, c.nature, c.topic
