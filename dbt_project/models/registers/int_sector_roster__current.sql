{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- The newest version per body and roster; an accepted full snapshot ends the bodies it lacks on the day it was
-- accepted.
with {{ roster_versions('sector_roster') }}
select
    r.record_id, r.subject_scheme, r.subject_value, r.batch_seq, r.attempt, r.row_no, r.content_hash, r.unit_id,
    r.dataset_id, r.accepted_on,
    r.roster_name, r.subject_name, r.uscc, r.org_code, r.business_reg_no, r.tax_reg_no, r.institution_cert_no,
    r.social_org_cert_no, r.listed_on,
    case when r.removed_on is not null then r.removed_on
         when r.mode = 'full_snapshot' and present.record_id is null
         then cast(coalesce(b.gated_on, b.business_date) as date) end as left_on
from ranked r
left join present on present.record_id = r.record_id
left join newest_snapshot n on n.dataset_id = r.dataset_id
left join {{ source('ledger', 'batch') }} b on b.seq = n.seq
where r.newest = 1
