{{ config(materialized='view') }}
-- What was known of every list entry, and from which day to which: entry, objection, repair, exit, revocation.
select
    v.record_id, v.version_no, v.known_from, v.known_to, v.topic as list_kind, v.title as list_name, v.subject_name,
    v.document_no, v.event_on as entered_on, v.ends_on as term_to, v.exited_on, v.revoked_on, v.repaired_on,
    v.objected_on, v.objection_closed_on, v.state, v.batch_seq, v.attempt, v.row_no
from {{ ref('fct_records__version') }} v
where v.subject_class = 'organisation'
  and (v.kind in ('breach_list', 'abnormal_operation', 'judgment_debtor') or v.topic = '红名单')
