{{ config(materialized='view') }}
-- Receipts and rows that wait for somebody: rosters held by the gate, rows that went back and did not return, records
-- the city refused last.
with settled as (
    select i.receiver, i.record_id, s.state, s.booked_on,
        row_number() over (partition by i.receiver, i.record_id order by i.item_id desc) as newest
    from {{ source('ledger', 'delivery_item') }} i
    join {{ source('ledger', 'delivery_state') }} s on s.item_id = i.item_id
    where s.booked_on <= {{ business_day() }}
)
select
    'held_roster' as rule, b.unit_id, b.dataset_id as about, cast(b.rows_in as bigint) as amount,
    b.business_date as since, cast(null as date) as deadline
from {{ source('ledger', 'batch') }} b
where b.state = 'held' and b.delivery_mode = 'full_snapshot' and b.business_date <= {{ business_day() }}
union all
select 'returned_open', q.unit_id, q.dataset_id, count(*), min(q.opened_on), cast(null as date)
from {{ ref('int_supervision__returned') }} q
where q.opened_on <= {{ business_day() }} and (q.closed_on is null or q.closed_on > {{ business_day() }})
group by q.unit_id, q.dataset_id
union all
select 'refused_by_city', r.unit_id, r.decision_table, count(*), min(s.booked_on), cast(null as date)
from settled s
join {{ ref('int_supervision__receipt') }} r on r.record_id = s.record_id
where s.newest = 1 and s.state = 'rejected'
group by r.unit_id, r.decision_table
