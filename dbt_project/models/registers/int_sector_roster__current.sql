{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- The newest version per body and roster; the first accepted full snapshot that lacks a body ends it, on the day it was
-- accepted.
with {{ roster_versions('sector_roster') }}
select
    r.record_id, r.subject_scheme, r.subject_value, r.batch_seq, r.attempt, r.row_no, r.content_hash, r.unit_id,
    r.dataset_id, r.accepted_on,
    r.roster_name, r.subject_name, r.uscc, r.org_code, r.business_reg_no, r.tax_reg_no, r.institution_cert_no,
    r.social_org_cert_no, r.listed_on,
    coalesce(r.removed_on, gone.left_on) as left_on
from ranked r
left join gone on gone.record_id = r.record_id
where r.newest = 1
