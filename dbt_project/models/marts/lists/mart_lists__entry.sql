{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ take_out_changed_records() }}",
          indexes=[{'columns': ['subject_id']}]) }}
-- depends_on: {{ ref('int_records__changes') }}
-- Red list, serious-breach lists, abnormal operation, judgment debtors (organisations): every entry with basis, term and
-- exit. An entry that left stays with its exit; it follows its subject when that is merged or split.
with entries as (
    select c.* from {{ ref('int_records__current') }} c
    where c.subject_class = 'organisation' and {{ changed_records('c') }}
      and (c.kind in ('breach_list', 'abnormal_operation', 'judgment_debtor') or c.topic = '红名单')
), told as (
    select e.record_id, s.reason, s.legal_basis, s.term_to, s.removal_no as exit_document_no, s.removal_reason as exit_reason
    from entries e join {{ ref('stg_breach_list') }} s on {{ same_row('s', 'e') }} where e.kind = 'breach_list'
    union all
    select e.record_id, s.reason, '企业信息公示暂行条例第17条', cast(null as date), s.removal_no, s.removal_reason
    from entries e join {{ ref('stg_abnormal_operation') }} s on {{ same_row('s', 'e') }} where e.kind = 'abnormal_operation'
    union all
    select e.record_id, s.conduct, s.basis_no, cast(null as date), '', s.performance
    from entries e join {{ ref('stg_judgment_debtor') }} s on {{ same_row('s', 'e') }} where e.kind = 'judgment_debtor'
    union all
    select e.record_id, s.honour_title, s.document_no, s.valid_to, '', s.removal_reason
    from entries e join {{ ref('stg_honour') }} s on {{ same_row('s', 'e') }} where e.kind = 'honour'
)
select
    e.record_id, e.subject_id, e.subject_name, e.lookup_scheme, e.lookup_value, e.topic as list_kind, e.title as list_name,
    e.document_no, e.event_on as entered_on, t.reason, t.legal_basis, t.term_to, e.exited_on,
    t.exit_document_no, case when e.exited_on is not null then t.exit_reason else '' end as exit_reason,
    case e.state when 'current' then '在列' when 'expired' then '期满' when 'ended' then '已移出' when 'repaired' then '已修复'
         when 'revoked' then '已撤销' else '已更正' end as state,
    e.objected, e.state_known_on, e.authority_name, e.authority_uscc, e.unit_id, e.dataset_id, e.disclosure,
    e.batch_seq, e.attempt, e.row_no, cast({{ var('build_id') }} as bigint) as build_id
from entries e
join told t on t.record_id = e.record_id
