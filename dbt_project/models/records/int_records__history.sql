{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['record_id', 'version_no'],
                'takes_out': keys_of('int_records__touched', ['record_id'])},
          indexes=[{'columns': ['record_id', 'version_no'], 'unique': true},
                   {'columns': ['lookup_value', 'lookup_scheme']}]) }}
-- What was known of a record and from which day to which: one row per delivered version, cut where an event, a
-- corrected key or a roster told something new of it. A late older version was never what was known: it begins and ends
-- on one day. What nothing else was told of is known by its deliveries alone.
with versions as {{ computed_once() }} (
    select s.*,
        row_number() over (partition by record_id order by source_version, batch_seq, row_no) as delivery_no,
        min(accepted_on) over (partition by record_id order by source_version, batch_seq, row_no
                               rows between 1 following and unbounded following) as superseded_on,
        min(accepted_on) over (partition by record_id) as first_accepted_on,
        count(*) over (partition by record_id) as version_count
    from {{ ref('int_records__source') }} s
), facts as {{ computed_once() }} (
    select v.record_id, v.delivery_no, v.accepted_on, v.superseded_on, e.event_type as fact, e.accepted_on as known_on,
        e.event_date as happened_on, e.basis, cast(0 as bigint) as roster_seq
    from versions v
    join {{ ref('stg_decision_event') }} e
      on e.decision_no = v.document_no and e.authority_uscc = v.authority_uscc and e.decision_table = v.event_table
     and (case when e.uscc <> '' then v.lookup_scheme = 'uscc' and e.uscc = v.lookup_value
               when e.id_no <> '' then e.id_no = v.person_ref else true end)
    where v.event_table <> '' and v.document_no <> ''
    union all
    select v.record_id, v.delivery_no, v.accepted_on, v.superseded_on, '取代', l.linked_on, l.linked_on as happened_on,
        '' as basis, 0
    from {{ ref('int_records__replaced') }} l join versions v on v.record_id = l.record_id
    union all
    select v.record_id, v.delivery_no, v.accepted_on, v.superseded_on,
        case when r.present then '回到名录' else '退出名录' end, r.known_on, r.known_on as happened_on, '' as basis, r.batch_seq
    from {{ ref('int_records__roster') }} r
    join versions v on v.record_id = r.record_id and v.dataset_id = r.dataset_id
), days as (
    select record_id, delivery_no, accepted_on as known_from
    from versions where record_id in (select record_id from facts)
    union
    select record_id, delivery_no, known_on
    from facts where known_on > accepted_on and (superseded_on is null or known_on < superseded_on)
), spans as (
    select *, lead(known_from) over (partition by record_id, delivery_no order by known_from) as next_from,
        row_number() over (partition by record_id order by delivery_no, known_from) as version_no
    from days
), told as (
    select
        s.record_id, s.version_no,
        min(case when f.fact = '撤销' then f.happened_on end) as revoked_on,
        min(case when f.fact = '撤销' then f.known_on end) as revocation_known_on,
        min(case when f.fact = '撤销' then f.basis end) as revocation_basis,
        min(case when f.fact = '取代' then f.happened_on end) as replaced_on,
        min(case when f.fact = '修复' then f.happened_on end) as repaired_on,
        min(case when f.fact = '修复' then f.known_on end) as repair_known_on,
        max(case when f.fact = '异议受理' then f.happened_on end) as objected_on,
        max(case when f.fact = '异议办结' then f.happened_on end) as objection_closed_on,
        max(case when f.fact = '退出名录' then f.happened_on end) as left_roster_on,
        max(case when f.fact = '退出名录' then f.roster_seq end) as left_roster,
        max(case when f.fact = '回到名录' then f.roster_seq end) as back_on_roster
    from spans s
    join facts f on f.record_id = s.record_id and f.delivery_no = s.delivery_no and f.known_on <= s.known_from
    group by s.record_id, s.version_no
)
select
    v.record_id, coalesce(s.version_no, v.delivery_no) as version_no, v.kind, v.variant, v.dataset_id, v.unit_id,
    v.batch_seq, v.attempt, v.row_no, v.source_version, v.content_hash, v.received_on, v.accepted_on,
    v.first_accepted_on, v.version_count,
    coalesce(s.known_from, v.accepted_on) as known_from,
    case when s.next_from is not null then s.next_from when v.superseded_on <= v.accepted_on then v.accepted_on
         else v.superseded_on end as known_to,
    v.subject_class, v.lookup_scheme, v.lookup_value, v.placeholder_code, v.person_ref, v.subject_name,
    coalesce(own.nature, usual.nature) as nature,
    case when own.kind is null and usual.topic = '*' then v.topic_value
        else coalesce(own.topic, usual.topic) end as topic,
    v.event_table, v.title, v.detail, v.document_no, v.authority_name, v.authority_uscc, v.severity_class, v.event_on,
    least(v.stated_end_on, cast({{ dbt.dateadd('month', 'term.months',
        'coalesce(v.conduct_ended_on, v.event_on)') }} as date)) as ends_on,
    case when t.left_roster > coalesce(t.back_on_roster, 0) then least(v.exited_on, t.left_roster_on)
        else v.exited_on end as exited_on,
    t.revoked_on, t.revocation_known_on, t.revocation_basis, t.replaced_on, t.repaired_on, t.repair_known_on,
    t.objected_on, t.objection_closed_on
from versions v
left join spans s on s.record_id = v.record_id and s.delivery_no = v.delivery_no
left join told t on t.record_id = s.record_id and t.version_no = s.version_no
left join {{ ref('record_topic') }} own on own.kind = v.kind and own.value = v.topic_value and own.value <> '*'
left join {{ ref('record_topic') }} usual on usual.kind = v.kind and usual.value = '*'
left join {{ ref('record_term') }} term on term.kind = v.kind
