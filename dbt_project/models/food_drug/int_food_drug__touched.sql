{{ config(meta={'of_build': true}, indexes=[{'columns': ['subject_id'], 'unique': true}]) }}
-- Subjects whose food and drug grade is computed again: a record it may rest on changed, or a day passed that it waits
-- for.
{%- set changes = ref('int_records__changes') %}
{%- set graded = previous('mart_subjects__food_drug_grade') %}
{%- if flags.FULL_REFRESH or graded is none %}
select distinct subject_id from {{ ref('int_food_drug__fact') }}
{%- if graded is not none %} union select subject_id from {{ graded }}{% endif %}
{%- else %}
with changed as (
    select record_id, kind, old_subject_id, new_subject_id from {{ changes }}
    where build_id = {{ var('build_id') }} and subject_class = 'organisation'
      and kind in ('administrative_licence', 'administrative_penalty', 'inspection_result', 'breach_list', 'honour')
)
select subject_id from {{ ref('int_food_drug__fact') }} where build_id = {{ var('build_id') }}
union select g.subject_id from changed c join {{ graded }} g on g.subject_id = c.old_subject_id
union select g.subject_id from changed c join {{ graded }} g on g.subject_id = c.new_subject_id
union select subject_id from {{ graded }} where next_change_on <= {{ business_day() }}
    or build_id = {{ var('build_id') }}
{%- endif %}
