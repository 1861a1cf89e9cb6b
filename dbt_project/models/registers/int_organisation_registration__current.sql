{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_registers__touched', ['record_id'])},
          indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['build_id']},
                   {'columns': ['subject_scheme', 'subject_value']}, {'columns': ['subject_name']}]) }}
-- The newest version per body that is no enterprise, whether it is on a roster still or not (subjects.register knows).
{{ newest_versions('organisation_registration') }}
select
    record_id, variant, batch_seq, attempt, row_no, source_version, content_hash, dataset_id, unit_id,
    subject_scheme, subject_value, uscc, subject_name, former_names, state, state_on, accepted_on,
    cast({{ var('build_id') }} as bigint) as build_id
from versions
where newest = 1
