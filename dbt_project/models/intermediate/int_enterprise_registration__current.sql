{{ config(indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['uscc']}]) }}
-- The newest version per enterprise; an accepted full snapshot ends the keys it lacks, a held one ends nothing.
with newest_snapshot as (
    select dataset_id, max(seq) as seq from {{ source('ledger', 'batch') }}
    where kind = 'enterprise_registration' and delivery_mode = 'full_snapshot' and rows_in > 0
      and state in ('accepted', 'accepted_with_quarantine')
      and seq in (select batch_seq from {{ source('ledger', 'build_input') }} where build_id <= {{ var('build_id') }})
    group by dataset_id
), present as (
    select distinct r.record_id
    from newest_snapshot n
    join {{ source('ledger', 'batch') }} b on b.seq = n.seq
    join {{ source('raw', 'enterprise_registration') }} r on r.batch_seq = b.seq and r.attempt = b.current_attempt
), ranked as (
    select *, row_number() over (partition by record_id
                                 order by source_version desc, batch_seq desc, row_no desc) as newest
    from {{ ref('stg_enterprise_registration') }}
)
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, r.dataset_id, r.uscc, r.name,
    r.former_names, r.business_reg_no, r.org_code, r.entity_type, r.established_on, r.address, r.state, r.accepted_on,
    r.delivery_mode <> 'full_snapshot' or present.record_id is not null as on_roster
from ranked r
left join present on present.record_id = r.record_id
where r.newest = 1
