{{ config(indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['uscc']}]) }}
-- The newest version per enterprise; an accepted full snapshot ends the keys it lacks, a held one ends nothing.
with {{ roster_versions('enterprise_registration') }}
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash, r.dataset_id,
    r.subject_scheme, r.subject_value, r.uscc, r.name, r.former_names, r.business_reg_no, r.org_code,
    r.entity_type, r.established_on, r.address, r.state, r.accepted_on,
    r.mode <> 'full_snapshot' or present.record_id is not null as on_roster
from ranked r
left join present on present.record_id = r.record_id
where r.newest = 1
