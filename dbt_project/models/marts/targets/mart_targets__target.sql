{{ config(materialized='table') }}
-- The target ledger as pages show it: one row per target and goal, with the names of the responsible units.
select
    t.target_id, t.goal_no, t.figure_id, t.title, t.clause, t.population, t.subject_type, t.goal, t.goal_text, t.due_on,
    t.figure_kind, t.responsible_units, t.contributing_units, t.numerator_rule, t.denominator_rule, t.advances,
    t.definition, t.note, coalesce(named.names, t.responsible_units) as responsible_names
from {{ ref('target') }} t
left join (
    select own.target_id, own.goal_no, string_agg(u.name, '、' order by u.unit_id) as names
    from {{ ref('target') }} own
    join {{ source('ledger', 'unit') }} u on concat(';', own.responsible_units, ';') like concat('%;', u.unit_id, ';%')
    group by own.target_id, own.goal_no
) named on named.target_id = t.target_id and named.goal_no = t.goal_no
