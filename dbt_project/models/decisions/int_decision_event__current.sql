{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
with ranked as (
    select *, row_number() over (partition by record_id
                                 order by source_version desc, batch_seq desc, row_no desc) as newest
    from {{ ref('stg_decision_event') }}
)
select record_id, variant, batch_seq, row_no, source_version, content_hash, decision_table, decision_no, authority_uscc,
    subject_name, uscc, event_type, event_date, accepted_on
from ranked where newest = 1
