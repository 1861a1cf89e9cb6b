{{ config(materialized='view') }}
-- Which organisations a coverage target counts as covered, since when, and the record that made the archive.
select
    t.target_id, m.subject_id, m.uscc, m.name, m.unit_id, m.covered_from as first_covered_on, m.record_id, m.topic
from {{ ref('int_targets__member') }} m
join (select distinct target_id, figure_id from {{ ref('target') }} where subject_type = 'organisation') t
  on t.figure_id = m.figure_id
where m.covered_from <= cast('{{ var("business_date") }}' as date)
  and (m.alive_to is null or m.alive_to > cast('{{ var("business_date") }}' as date))
