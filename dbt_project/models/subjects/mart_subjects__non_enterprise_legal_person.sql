{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='subject_id',
          meta={'takes_out': keys_of('int_subjects__moved', ['subject_id'], where="subject_class <> 'non_enterprise'")},
          indexes=[{'columns': ['uscc']}]) }}
-- 非企业法人公共信用基础数据库: one profile per subject.
select
    subject_id, uscc, name, org_type, state, left_register, established_on, address, legal_rep_name, records,
    basic_records, adverse_records, positive_records, other_records, licences, penalties, serious_penalties, ratings,
    inspections, honours, breach_entries, abnormal_entries, debtor_entries, contracts, insurance_payments,
    labour_violations, disclosures, commitments, open_list_entries, last_event_on, on_lists, latest_ratings, food_drug,
    food_drug_grade, cast({{ var('build_id') }} as bigint) as build_id
from {{ ref('int_subjects__profile') }}
where subject_class = 'non_enterprise'
