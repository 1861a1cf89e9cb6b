-- The ten departments of the plan and since when each is connected: evidence from before this warehouse, or its first
-- good batch.
with delivered as (
    select unit_id, min(business_date) as first_on, min(seq) as first_seq
    from {{ source('ledger', 'batch') }}
    where state in ('accepted', 'accepted_with_quarantine') and rows_in > 0
    group by unit_id
)
select
    k.department, coalesce(e.unit_id, '') as unit_id, least(e.connected_on, d.first_on) as connected_on,
    case when e.connected_on <= coalesce(d.first_on, e.connected_on) then e.evidence
         else concat('批次 ', d.first_seq) end as first_batch
from {{ ref('key_department') }} k
left join {{ source('evidence', 'department_evidence') }} e on e.department = k.department
left join delivered d on d.unit_id = e.unit_id
