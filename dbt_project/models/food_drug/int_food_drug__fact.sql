{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['subject_id', 'fact', 'event_on']},
                   {'columns': ['build_id']}]) }}
-- What the food and drug grades rest on, one row per record that counts: activity (licence, inspection, sampling in
-- food or drugs), penalties, failed samplings, list entries, honours. Which record is one of food or drugs, the words
-- of a seed say; they are sought once in texts that repeat.
with changed as (
    select c.* from {{ ref('int_records__current') }} c
    where {{ changed_records('c') }} and c.subject_id is not null and c.subject_class = 'organisation'
      and c.state not in ('revoked', 'replaced', 'repaired')
      and c.kind in ('administrative_licence', 'administrative_penalty', 'inspection_result', 'breach_list', 'honour')
), told as (
    select
        c.record_id, c.subject_id, c.kind, c.variant, c.event_on, c.ends_on, c.state, c.document_no, c.title,
        c.authority_name, s.result, p.penalty_kinds,
        case c.kind when 'administrative_licence' then 'licence' when 'administrative_penalty' then 'penalty'
             when 'inspection_result' then 'inspection' when 'breach_list' then 'list' end as place,
        case c.kind when 'administrative_licence' then concat_ws(' ', l.decision_title, l.certificate_name,
            l.licence_content)
             when 'administrative_penalty' then concat_ws(' ', p.violation_type, p.legal_basis)
             when 'inspection_result' then s.inspection_area else c.title end as words
    from changed c
    left join {{ ref('int_administrative_licence__current') }} l on c.kind = 'administrative_licence'
        and l.record_id = c.record_id
    left join {{ ref('int_administrative_penalty__current') }} p on c.kind = 'administrative_penalty'
        and p.record_id = c.record_id
    left join {{ ref('stg_inspection_result') }} s on c.kind = 'inspection_result' and {{ same_row('s', 'c') }}
), texts as (
    select distinct place, words from told where place is not null
), meant as (
    select x.place, x.words from texts x where exists (
        select 1 from {{ ref('food_drug_word') }} w where w.place = x.place and position(w.word in x.words) > 0)
)
select
    t.record_id, t.subject_id, t.kind,
    case when t.kind = 'administrative_penalty' and exists (select 1 from {{ ref('food_drug_word') }} w
            where w.place = 'serious_penalty' and position(w.word in t.penalty_kinds) > 0) then 'serious_penalty'
         when t.kind = 'administrative_penalty' then 'penalty'
         when t.kind = 'breach_list' then 'serious_list'
         when t.kind = 'honour' then 'honour'
         when t.variant = 'sampling' and t.result = '不合格' then 'failed_sampling'
         when t.variant = 'sampling' then 'sampling'
         when t.kind = 'inspection_result' then 'inspection' else 'licence' end as fact,
    t.kind in ('administrative_licence', 'inspection_result') as activity,
    t.event_on, t.ends_on, t.state, t.document_no, t.title, t.authority_name,
    cast({{ var('build_id') }} as bigint) as build_id
from told t
left join meant m on m.place = t.place and m.words = t.words
where t.kind = 'honour' or m.place is not null
