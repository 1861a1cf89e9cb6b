{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='append',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['subject_id']}]) }}
-- Red list, serious-breach lists, abnormal operation, judgment debtors (organisations): every entry with basis, term
-- and exit. An entry that left stays with its exit; it follows its subject when that is merged or split.
with entries as (
    select c.* from {{ ref('int_records__current') }} c
    where c.subject_class = 'organisation' and {{ changed_records('c') }}
      and (c.kind in ('breach_list', 'abnormal_operation', 'judgment_debtor') or c.topic = '红名单')
), told as (
    select e.*, s.reason, s.legal_basis, s.term_to, s.removal_no as exit_document_no, s.removal_reason as exit_reason
    from entries e join {{ ref('stg_breach_list') }} s on {{ same_row('s', 'e') }} where e.kind = 'breach_list'
    union all
    select e.*, s.reason, '企业信息公示暂行条例第17条', cast(null as date), s.removal_no, s.removal_reason
    from entries e join {{ ref('stg_abnormal_operation') }} s on {{ same_row('s', 'e') }}
        where e.kind = 'abnormal_operation'
    union all
    select e.*, s.conduct, s.basis_no, cast(null as date), '', s.performance
    from entries e join {{ ref('stg_judgment_debtor') }} s on {{ same_row('s', 'e') }} where e.kind = 'judgment_debtor'
    union all
    select e.*, s.honour_title, s.document_no, s.valid_to, '', s.removal_reason
    from entries e join {{ ref('stg_honour') }} s on {{ same_row('s', 'e') }} where e.kind = 'honour'
)
select
    record_id, subject_id, subject_name, lookup_scheme, lookup_value, topic as list_kind, title as list_name,
    document_no, event_on as entered_on, reason, legal_basis, term_to, exited_on,
    exit_document_no, case when exited_on is not null then exit_reason else '' end as exit_reason,
    case state when 'current' then '在列' when 'expired' then '期满' when 'repaired' then '已修复' when 'revoked' then '已撤销'
         when 'ended' then case kind when 'judgment_debtor' then '已屏蔽' else '已移出' end else '已更正' end as state,
    objected, state_known_on, authority_name, authority_uscc, unit_id, dataset_id, disclosure,
    batch_seq, attempt, row_no, cast({{ var('build_id') }} as bigint) as build_id
from told
