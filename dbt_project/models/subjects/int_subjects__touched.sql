{{ config(meta={'of_build': true}, indexes=[{'columns': ['subject_id'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- Subjects of which this build says something else: their records, what the registers say of them, or their grade.
{%- set regraded = ref('int_food_drug__touched') %}
{%- set changes = ref('int_records__changes') %}
{%- set current = ref('int_records__current') %}
{%- if flags.FULL_REFRESH or previous('int_subjects__counter') is none %}
select subject_id from {{ source('subjects', 'subject') }}
union
select subject_id from {{ current }} where subject_id is not null
{%- else %}
select subject_id from {{ source('subjects', 'subject') }} where build_id = {{ var('build_id') }}
union
select old_subject_id from {{ changes }} where build_id = {{ var('build_id') }} and old_subject_id is not null
union
select new_subject_id from {{ changes }} where build_id = {{ var('build_id') }} and new_subject_id is not null
union
select subject_id from {{ regraded }}
{%- endif %}
