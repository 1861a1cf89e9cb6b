{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='receipt_key',
          meta={'takes_out': keys_of('int_decision_receipt__gone', ['receipt_key'])},
          indexes=[{'columns': ['receipt_key'], 'unique': true}, {'columns': ['record_id']},
                   {'columns': ['counted_on']}]) }}
-- Per delivered record: first receipt, first acceptance, whether it passed at once, and the day of decision it counts
-- by: that of the current accepted version, of the newest delivery where none was accepted. A day nobody can read is
-- that of the receipt; one that cannot be true (before 1949, after its receipt) is none, and its month is ''. Only
-- records of this build are recomputed.
{%- set told = receipts_of_build() %}
with touched as (
    {%- if is_incremental() %}
    {{ told }}
    {%- else %}
    select distinct receipt_key from {{ ref('stg_decision_receipt') }}
    {%- endif %}
), ordered as (
    select s.*,
        row_number() over (partition by s.receipt_key order by s.batch_seq, s.row_no) as arrival,
        row_number() over (partition by s.receipt_key
            order by case when s.outcome = 'quarantined' then 1 else 0 end, s.source_version desc, s.batch_seq desc,
                     s.row_no desc) as standing
    from touched join {{ ref('stg_decision_receipt') }} s on s.receipt_key = touched.receipt_key
), gathered as (
    select
        receipt_key, min(decision_table) as decision_table, min(unit_id) as unit_id, min(record_id) as record_id,
        min(received_on) as first_received_on,
        min(case when outcome <> 'quarantined' then gated_on end) as first_accepted_on,
        max(case when arrival = 1 and outcome <> 'quarantined' then 1 else 0 end) = 1 as passed_first,
        max(case when standing = 1 then decision_date end) as told_on,
        max(case when standing = 1 then received_on end) as standing_received_on,
        max(case when standing = 1 then dataset_id end) as dataset_id
    from ordered
    group by receipt_key
), dated as (
    select *,
        told_on is null as month_of_receipt,
        coalesce(told_on < cast('1949-01-01' as date) or told_on > standing_received_on, false) as impossible_date
    from gathered
), counted as (
    select *, case when month_of_receipt then first_received_on when not impossible_date then told_on end as counted_on
    from dated
)
select
    receipt_key, decision_table, unit_id, dataset_id, record_id, first_received_on, first_accepted_on, passed_first,
    told_on, month_of_receipt, impossible_date, counted_on,
    coalesce({{ month_text('counted_on') }}, '') as decision_month,
    {{ var('build_id') }} as build_id
from counted
