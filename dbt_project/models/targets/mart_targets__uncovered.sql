{{ config(materialized='view') }}
-- Organisations a target counts that have no archive yet, per unit: the list that gets work done. Never persons.
select t.target_id, m.item_key, m.subject_id, m.uscc, m.name, m.unit_id, m.alive_from as counted_since,
    case when m.subject_id is null then '登记库中没有该主体' else '尚无目录记录' end as reason
from {{ ref('int_targets__member') }} m
join (select distinct target_id, figure_id from {{ ref('target') }} where subject_type = 'organisation') t
  on t.figure_id = m.figure_id
where (m.covered_from is null or m.covered_from > cast('{{ var("business_date") }}' as date))
  and m.alive_from <= cast('{{ var("business_date") }}' as date)
  and (m.alive_to is null or m.alive_to > cast('{{ var("business_date") }}' as date))
