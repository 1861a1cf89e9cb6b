{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ take_out_changed_records() }}",
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['subject_id']}]) }}
-- depends_on: {{ ref('int_records__changes') }}
-- What the food and drug grades rest on, one row per record that counts: activity (licence, inspection, sampling in food or
-- drugs), penalties, failed samplings, list entries, honours. Which record is one of food or drugs, the words of a seed say.
with changed as materialized (
    select c.* from {{ ref('int_records__current') }} c
    where {{ changed_records('c') }} and c.subject_id is not null and c.subject_class = 'organisation'
      and c.state not in ('revoked', 'replaced', 'repaired')
      and c.kind in ('administrative_licence', 'administrative_penalty', 'inspection_result', 'breach_list', 'honour')
), named as (
    select c.record_id, 'licence' as place, concat_ws(' ', l.decision_title, l.certificate_name, l.licence_content) as words
    from changed c join {{ ref('int_administrative_licence__current') }} l on l.record_id = c.record_id
    union all
    select c.record_id, 'penalty', concat_ws(' ', p.violation_type, p.legal_basis)
    from changed c join {{ ref('int_administrative_penalty__current') }} p on p.record_id = c.record_id
    union all
    select c.record_id, 'inspection', s.inspection_area
    from changed c
    join {{ ref('stg_inspection_result') }} s on {{ same_row('s', 'c') }}
    union all
    select c.record_id, 'list', c.title from changed c where c.kind = 'breach_list'
), of_food_or_drugs as (
    select n.record_id
    from named n join {{ ref('food_drug_word') }} w on w.place = n.place and position(w.word in n.words) > 0
    group by n.record_id
)
select
    c.record_id, c.subject_id, c.kind,
    case when c.kind = 'administrative_penalty' and c.severity_class = 'serious' then 'serious_penalty'
         when c.kind = 'administrative_penalty' then 'penalty'
         when c.kind = 'breach_list' then 'serious_list'
         when c.kind = 'honour' then 'honour'
         when c.variant = 'sampling' and s.result = '不合格' then 'failed_sampling'
         when c.variant = 'sampling' then 'sampling'
         when c.kind = 'inspection_result' then 'inspection' else 'licence' end as fact,
    c.kind in ('administrative_licence', 'inspection_result') as activity,
    c.event_on, c.ends_on, c.state, c.document_no, c.title, c.authority_name, cast({{ var('build_id') }} as bigint) as build_id
from changed c
left join of_food_or_drugs f on f.record_id = c.record_id
left join {{ ref('stg_inspection_result') }} s on c.kind = 'inspection_result' and {{ same_row('s', 'c') }}
where c.kind = 'honour' or f.record_id is not null
