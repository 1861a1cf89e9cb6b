{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='merge', unique_key='subject_id',
          pre_hook="{{ drop_vanished_subjects('enterprise') }}", indexes=[{'columns': ['uscc']}]) }}
-- depends_on: {{ ref('int_food_drug__touched') }}
-- 企业公共信用基础数据库: one profile per subject, from the counters, lists, ratings and grades that changed.
{{ subject_profiles('enterprise') }}
