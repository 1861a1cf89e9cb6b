-- The departments the plan names and since when each is connected: evidence from before this warehouse, or its first
-- good batch.
with delivered as (
    select unit_id, min(business_date) as first_on, min(seq) as first_seq
    from {{ source('ledger', 'batch') }}
    where state in ('accepted', 'accepted_with_quarantine') and rows_in > 0
    group by unit_id
)
select
    k.department, coalesce(k.unit_id, '') as unit_id, least(k.connected_on, d.first_on) as connected_on,
    case when k.connected_on <= coalesce(d.first_on, k.connected_on) then k.evidence
         else concat_ws('', '批次 ', d.first_seq) end as first_batch
from {{ source('ledger', 'key_department') }} k
left join delivered d on d.unit_id = k.unit_id
