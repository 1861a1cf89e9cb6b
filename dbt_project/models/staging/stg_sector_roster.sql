-- Made from include/catalogue/kinds/sector_roster.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['sector_roster'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('sector_roster') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.roster_name,
    r.subject_name,
    r.uscc,
    r.org_code,
    r.business_reg_no,
    r.tax_reg_no,
    r.institution_cert_no,
    r.social_org_cert_no,
    {{ given_date('r.listed_on') }} as listed_on,
    {{ given_date('r.removed_on') }} as removed_on,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
