{{ config(materialized='view') }}
-- Every row that went back to its department, with the day it did and the day it was put right. A row that was handed
-- in again after its correction did not.
select
    q.id, q.unit_id, q.dataset_id, q.batch_seq, q.attempt, q.row_no, q.record_id, q.rules, q.state, q.opened_on,
    q.closed_on,
    case when q.state = 'corrected' then 1 else 0 end as corrected,
    case when q.state = 'corrected' then {{ days_between('q.opened_on', 'q.closed_on') }} end as days_to_correction
from {{ source('ledger', 'quarantine') }} q
where q.owner = 'department' and q.state in ('open', 'returned', 'corrected')
  and (q.corrected_batch_seq is null or q.corrected_batch_seq > q.batch_seq)
