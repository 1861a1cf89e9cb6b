{{ config(materialized='view') }}
-- 食品药品一户一档: licences, inspections, samplings, penalties, list entries and honours of every graded enterprise.
select
    g.subject_id, g.grade, f.record_id, f.fact, f.document_no, f.title, c.detail, f.event_on, f.ends_on, f.state,
    c.objected, f.authority_name, c.unit_id, c.disclosure
from {{ ref('mart_subjects__food_drug_grade') }} g
join {{ ref('int_food_drug__fact') }} f on f.subject_id = g.subject_id
join {{ ref('int_records__current') }} c on c.record_id = f.record_id
