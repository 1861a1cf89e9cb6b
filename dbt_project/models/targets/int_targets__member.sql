{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          meta={'grain': ['figure_id', 'item_key'],
                'takes_out': keys_of('int_targets__touched', ['item_key'])},
          indexes=[{'columns': ['figure_id', 'item_key'], 'unique': true}, {'columns': ['item_key']},
                   {'columns': ['record_id']}]) }}
-- Who is counted by a coverage target (subjects of a register, or bodies on a roster), from when to when, covered since
-- when.
with figure as (
    select distinct figure_id, denominator_rule from {{ ref('target') }} where subject_type = 'organisation'
), counted as (
    select f.figure_id, s.subject_id as item_key, s.subject_id, s.uscc, s.name, s.unit_id, s.alive_from, s.alive_to
    from {{ ref('int_targets__touched') }} t
    join {{ ref('int_targets__subject') }} s on s.subject_id = t.subject_id
    join figure f on f.denominator_rule = concat_ws('', 'registry:', s.population)
    union all
    select f.figure_id, r.item_key, min(r.subject_id), min(r.uscc), min(r.name), min(r.unit_id), min(r.listed_on),
        case when count(*) = count(r.left_on) then max(r.left_on) end
    from figure f join {{ ref('int_targets__roster') }} r
      on f.denominator_rule = concat_ws('', 'roster:', r.roster_name)
    group by f.figure_id, r.item_key
)
select
    m.figure_id, m.item_key, m.subject_id, m.uscc, m.name, m.unit_id, m.alive_from, m.alive_to,
    case when c.first_covered_on < coalesce(m.alive_to, cast('9999-12-31' as date))
         then greatest(c.first_covered_on, m.alive_from) end as covered_from,
    c.first_covered_on, c.record_id, c.topic
from counted m
left join {{ ref('int_targets__covering') }} c on c.subject_id = m.subject_id
where m.alive_to is null or m.alive_to > m.alive_from
