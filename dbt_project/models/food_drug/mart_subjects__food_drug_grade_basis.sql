{{ config(materialized='view') }}
-- The records each grade rests on, and those that make the subject an enterprise of food or drugs. Between two changes
-- of a grade the same facts lie in its window: those whose window ends on or after the day the grade waits for.
select
    g.subject_id, f.record_id, case when f.activity and f.fact <> g.rule then '纳入' else '定级' end as role, f.fact,
    f.document_no, f.title, f.event_on, f.ends_on, f.authority_name, g.rule, g.clause
from {{ ref('mart_subjects__food_drug_grade') }} g
join {{ ref('int_food_drug__fact') }} f on f.subject_id = g.subject_id
where f.activity or {{ rests_on('f', 'g', 'coalesce(g.next_change_on - 1, cast(\'9999-12-31\' as date))') }}
