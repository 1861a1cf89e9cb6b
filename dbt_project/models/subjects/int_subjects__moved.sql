{{ config(meta={'of_build': true}, indexes=[{'columns': ['subject_id']}]) }}
-- Subjects this build told anew, with the class they have since: none for one that was merged away. Who is not of the
-- class of a profile leaves it.
select past_id as subject_id, '' as subject_class
from {{ source('subjects', 'alias') }} where build_id = {{ var('build_id') }}
union all
select subject_id, subject_class
from {{ source('subjects', 'subject') }} where build_id = {{ var('build_id') }}
