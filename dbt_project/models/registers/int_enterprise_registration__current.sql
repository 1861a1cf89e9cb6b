{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_registers__touched', ['record_id'])},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['uscc']}, {'columns': ['build_id']},
                   {'columns': ['subject_scheme', 'subject_value']}, {'columns': ['name']}]) }}
-- The newest version per enterprise, whether it is on a roster still or not (subjects.register knows).
{{ newest_versions('enterprise_registration') }}
select
    record_id, variant, batch_seq, attempt, row_no, source_version, content_hash, dataset_id,
    subject_scheme, subject_value, uscc, name, former_names, business_reg_no, org_code,
    entity_type, established_on, address, state, accepted_on, cast({{ var('build_id') }} as bigint) as build_id
from versions
where newest = 1
