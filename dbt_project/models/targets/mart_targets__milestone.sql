{{ config(materialized='table') }}
-- The milestones as they stood at the end of each year (this year: on the business date), by the newest evidence until
-- then; done late is told apart from done in time.
with year as (
    select cast(extract(year from month_end) as integer) as year,
        least(max(month_end), cast('{{ var("business_date") }}' as date)) as as_of
    from {{ ref('int_targets__months') }} group by extract(year from month_end)
), ranked as (
    select e.*, y.year,
        row_number() over (partition by e.milestone_id, y.year order by e.state_on desc) as newest
    from {{ source('ledger', 'milestone_evidence') }} e
    join year y on e.state_on <= y.as_of
), charged as (
    select figure_id as milestone_id, {{ joined("unit_id", ";", ["place"]) }} as responsible_units
    from {{ source('ledger', 'target_unit') }} where role = 'responsible' group by figure_id
)
select
    m.milestone_id, y.year, m.title, m.due_on, m.clause, c.responsible_units,
    case when e.state = '已完成' and e.state_on <= m.due_on then '按期完成'
         when e.state = '已完成' then '逾期完成'
         when m.due_on < y.as_of then '逾期未完成'
         when e.state is not null then '推进中' else '未启动' end as state,
    e.evidence, e.document_no, e.state_on, e.entered_by
from {{ ref('milestone') }} m
cross join year y
left join ranked e on e.milestone_id = m.milestone_id and e.year = y.year and e.newest = 1
left join charged c on c.milestone_id = m.milestone_id
