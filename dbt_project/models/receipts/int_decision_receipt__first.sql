{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='receipt_key',
          meta={'takes_out': keys_of('int_decision_receipt__gone', ['receipt_key'])},
          indexes=[{'columns': ['receipt_key'], 'unique': true}, {'columns': ['first_accepted_on']},
              {'columns': ['uscc']},
                   {'columns': ['record_id']}]) }}
-- Per delivered record: first receipt, first acceptance, whether it passed at once. Only records of this build are
-- recomputed.
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
        row_number() over (partition by s.receipt_key, s.outcome = 'quarantined' order by s.batch_seq,
            s.row_no) as in_sort
    from touched join {{ ref('stg_decision_receipt') }} s on s.receipt_key = touched.receipt_key
)
select
    receipt_key, min(decision_table) as decision_table, min(unit_id) as unit_id, min(record_id) as record_id,
    max(case when arrival = 1 then {{ month_text('coalesce(decision_date, received_on)') }} end) as decision_month,
    max(case when arrival = 1 and decision_date is null then 1 else 0 end) = 1 as month_of_receipt,
    min(received_on) as first_received_on,
    min(case when outcome <> 'quarantined' then gated_on end) as first_accepted_on,
    max(case when outcome <> 'quarantined' and in_sort = 1 then decision_date end) as decided_on,
    max(case when arrival = 1 then decision_date end) as first_decision_date,
    max(case when arrival = 1 and outcome <> 'quarantined' then 1 else 0 end) = 1 as passed_first,
    max(case when arrival = 1 then uscc end) as uscc,
    {{ var('build_id') }} as build_id
from ordered
group by receipt_key
