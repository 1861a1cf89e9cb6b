{{ config(materialized='table') }}
-- The target ledger as pages show it: one row per target and goal, with the names of the responsible units.
with charged as (
    select t.figure_id,
        {{ joined("case when t.role = 'responsible' then t.unit_id end", ";", ["t.place"]) }} as responsible_units,
        {{ joined("case when t.role = 'contributing' then t.unit_id end", ";", ["t.place"]) }} as contributing_units,
        {{ joined("case when t.role = 'responsible' then u.name end", "、", ["u.unit_id"]) }} as responsible_names
    from {{ source('ledger', 'target_unit') }} t
    left join {{ source('ledger', 'unit') }} u on u.unit_id = t.unit_id
    group by t.figure_id
)
select
    t.target_id, t.goal_no, t.figure_id, t.title, t.clause, t.population, t.subject_type, t.goal, t.goal_text, t.due_on,
    t.figure_kind, c.responsible_units, c.contributing_units, t.numerator_rule, t.denominator_rule, t.advances,
    t.definition, t.note, coalesce(c.responsible_names, c.responsible_units) as responsible_names
from {{ ref('target') }} t
left join charged c on c.figure_id = t.figure_id
