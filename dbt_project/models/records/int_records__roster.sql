{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['dataset_id', 'record_id', 'batch_seq'],
                'takes_out': keys_of('int_records__compared', ['dataset_id', 'batch_seq'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['build_id']}]) }}
-- When a record left a full roster and when it came back. Accepted full snapshots are compared in the order they came;
-- an empty or held one ends nothing. A day compares its snapshots with the last one before it; a replay compares all
-- again.
{%- set kinds = kinds_of_build("b.delivery_mode = 'full_snapshot'") | select('in', roster_kinds()) | list
    if is_incremental() else roster_kinds() %}
{%- if not kinds %}
select * from {{ this }} where false
{%- else %}
with live as (
    select b.dataset_id, b.kind, b.seq, b.current_attempt as attempt, coalesce(b.gated_on, b.business_date) as known_on
    from {{ source('ledger', 'batch') }} b
    where b.delivery_mode = 'full_snapshot' and b.rows_in > 0 and b.state in ('accepted', 'accepted_with_quarantine')
      and b.kind in ('{{ kinds | join("', '") }}')
      and exists (select 1 from {{ source('ledger', 'build_input') }} i
                  where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add'
                    and i.build_id <= {{ var('build_id') }})
    {%- if is_incremental() %}
      and b.dataset_id in ({{ datasets_of_build() }})
    {%- endif %}
), snapshots as (
    select live.*, row_number() over (partition by dataset_id order by seq) as number,
        row_number() over (partition by dataset_id order by seq desc) = 1 as newest
    from live
    {%- if is_incremental() %}
    where dataset_id in ({{ datasets_of_build('remove') }})
       or seq >= (select coalesce(max(earlier.seq), 0) from live earlier
                  where earlier.dataset_id = live.dataset_id and earlier.seq < (
                      select min(i.batch_seq) from {{ source('ledger', 'build_input') }} i
                      join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq
                      where i.build_id = {{ var('build_id') }} and own.dataset_id = live.dataset_id))
    {%- endif %}
), present as (
    select distinct s.dataset_id, s.number, s.newest, r.record_id
    from snapshots s
    join {{ ref('stg_landed_row') }} r on r.kind = s.kind and r.batch_seq = s.seq and r.attempt = s.attempt
    where r.record_id is not null and r.kind in ('{{ kinds | join("', '") }}')
), seen as (
    select *, lag(number) over (partition by dataset_id, record_id order by number) as last_number,
        lead(number) over (partition by dataset_id, record_id order by number) as next_number
    from present
)
select {{ var('build_id') }} as build_id, seen.dataset_id, seen.record_id, missed.seq as batch_seq, missed.known_on,
    false as present
from seen join snapshots missed on missed.dataset_id = seen.dataset_id and missed.number = seen.number + 1
where seen.next_number is null or seen.next_number > seen.number + 1
union all
select {{ var('build_id') }}, seen.dataset_id, seen.record_id, back.seq, back.known_on, true
from seen join snapshots back on back.dataset_id = seen.dataset_id and back.number = seen.number
where seen.last_number < seen.number - 1
{%- if is_incremental() %}
   or (seen.last_number is null and exists (
        select 1 from {{ this }} gone
        where gone.record_id = seen.record_id and gone.dataset_id = seen.dataset_id and not gone.present
          and gone.batch_seq < back.seq and not exists (
            select 1 from {{ this }} again
            where again.record_id = gone.record_id and again.dataset_id = gone.dataset_id and again.present
              and again.batch_seq > gone.batch_seq)))
{%- endif %}
{%- endif %}
