{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='append',
          meta={'grain': ['record_id', 'person_ref', 'role'],
                'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['person_ref']}]) }}
-- 个人公共信用信息: one row per fact in a statutory or professional role, with its source. No name, nothing added up.
select
    c.person_ref, r.role, c.record_id, c.kind, c.nature, c.topic, c.title, c.detail, c.document_no, c.authority_name,
    c.event_on, c.ends_on, c.exited_on, c.state, c.objected, c.disclosure, c.dataset_id, c.unit_id, c.batch_seq,
    c.attempt, c.row_no,
    cast({{ var('build_id') }} as bigint) as build_id
from {{ ref('int_records__current') }} c
join {{ ref('person_role') }} r on r.kind = c.kind
where c.subject_class = 'person' and c.person_ref <> '' and {{ changed_records('c') }}
