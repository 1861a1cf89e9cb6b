{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='subject_id',
          meta={'takes_out': keys_of('int_subjects__moved', ['subject_id'], of_build=false,
                                      where="subject_class <> 'enterprise'")},
          indexes=[{'columns': ['uscc']}]) }}
-- 企业公共信用基础数据库: one profile per subject, from the counters, lists, ratings and grades that changed.
{{ subject_profiles('enterprise') }}
