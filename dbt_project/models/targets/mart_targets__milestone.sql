{{ config(materialized='table') }}
-- The milestones with the newest evidence by the business date; done late is told apart from done in time.
with ranked as (
    select *, row_number() over (partition by milestone_id order by state_on desc) as newest
    from {{ source('ledger', 'milestone_evidence') }} where state_on <= cast('{{ var("business_date") }}' as date)
)
select
    m.milestone_id, m.title, m.due_on, m.clause,
    case when e.state = '已完成' and e.state_on <= m.due_on then '按期完成'
         when e.state = '已完成' then '逾期完成'
         when m.due_on < cast('{{ var("business_date") }}' as date) then '逾期未完成'
         when e.state is not null then '推进中' else '未启动' end as state,
    e.evidence, e.document_no, e.state_on, e.entered_by
from {{ ref('milestone') }} m
left join ranked e on e.milestone_id = m.milestone_id and e.newest = 1
