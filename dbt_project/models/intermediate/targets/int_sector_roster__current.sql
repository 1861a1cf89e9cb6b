{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- The newest version per body and roster; an accepted full snapshot ends the bodies it lacks on the day it was accepted.
with newest_snapshot as (
    select dataset_id, max(seq) as seq from {{ source('ledger', 'batch') }}
    where kind = 'sector_roster' and delivery_mode = 'full_snapshot' and rows_in > 0
      and state in ('accepted', 'accepted_with_quarantine')
      and seq in (select batch_seq from {{ source('ledger', 'build_input') }} where build_id <= {{ var('build_id') }})
    group by dataset_id
), present as (
    select distinct r.record_id
    from newest_snapshot n
    join {{ source('ledger', 'batch') }} b on b.seq = n.seq
    join {{ source('raw', 'sector_roster') }} r on r.batch_seq = b.seq and r.attempt = b.current_attempt
), ranked as (
    select s.*, own.delivery_mode, row_number() over (
        partition by s.record_id order by s.source_version desc, s.batch_seq desc, s.row_no desc) as newest
    from {{ ref('stg_sector_roster') }} s
    join {{ source('ledger', 'batch') }} own on own.seq = s.batch_seq
)
select
    r.record_id, r.batch_seq, r.attempt, r.row_no, r.content_hash, r.unit_id, r.dataset_id, r.accepted_on, r.roster_name,
    r.subject_name, r.uscc, r.org_code, r.business_reg_no, r.tax_reg_no, r.institution_cert_no, r.social_org_cert_no,
    r.listed_on,
    case when r.removed_on is not null then r.removed_on
         when r.delivery_mode = 'full_snapshot' and present.record_id is null
         then cast(coalesce(b.gated_on, b.business_date) as date) end as left_on
from ranked r
left join present on present.record_id = r.record_id
left join newest_snapshot n on n.dataset_id = r.dataset_id
left join {{ source('ledger', 'batch') }} b on b.seq = n.seq
where r.newest = 1
