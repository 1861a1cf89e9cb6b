{{ config(meta={'of_build': true}) }}
-- Snapshots this build compares again: from its first one of a dataset on, all of a dataset if a replay took one back.
with first_of_build as (
    select own.dataset_id, min(i.batch_seq) as batch_seq,
        max(case when i.operation = 'remove' and own.delivery_mode = 'full_snapshot' then 1 else 0 end) as replayed
    from {{ source('ledger', 'build_input') }} i
    join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq
    where i.build_id = {{ var('build_id') }}
    group by own.dataset_id
)
select b.dataset_id, b.seq as batch_seq
from {{ source('ledger', 'batch') }} b
join first_of_build f on f.dataset_id = b.dataset_id and (b.seq >= f.batch_seq or f.replayed = 1)
