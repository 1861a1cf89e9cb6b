{{ config(materialized='view') }}
-- Receipts and rows that wait for somebody: rosters held by the gate, rows that went back and did not return, records
-- the city refused last.
with refused as (
    select i.item_id, i.receiver, i.record_id, s.booked_on
    from {{ source('ledger', 'delivery_state') }} s
    join {{ source('ledger', 'delivery_item') }} i on i.item_id = s.item_id
    where s.state = 'rejected' and s.booked_on <= {{ business_day() }}
)
select
    'held_roster' as rule, b.unit_id, b.dataset_id as about, cast(b.rows_in as bigint) as amount,
    b.business_date as since, cast(null as date) as deadline, false as deadline_provisional
from {{ source('ledger', 'batch') }} b
where b.state = 'held' and b.delivery_mode = 'full_snapshot' and b.business_date <= {{ business_day() }}
union all
select 'returned_open', q.unit_id, q.dataset_id, count(*), min(q.opened_on), cast(null as date), false
from {{ ref('int_supervision__returned') }} q
where q.opened_on <= {{ business_day() }} and (q.closed_on is null or q.closed_on > {{ business_day() }})
group by q.unit_id, q.dataset_id
union all
select 'refused_by_city', r.unit_id, r.decision_table, count(*), min(refused.booked_on), cast(null as date), false
from refused
join {{ ref('int_supervision__receipt') }} r on r.record_id = refused.record_id
where not exists (
    select 1 from {{ source('ledger', 'delivery_item') }} later
    join {{ source('ledger', 'delivery_state') }} s on s.item_id = later.item_id and s.booked_on <= {{ business_day() }}
    where later.record_id = refused.record_id and later.receiver = refused.receiver
      and later.item_id > refused.item_id)
group by r.unit_id, r.decision_table
