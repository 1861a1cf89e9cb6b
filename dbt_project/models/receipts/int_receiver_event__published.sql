{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['receiver', 'record_id']},
          indexes=[{'columns': ['record_id']}, {'columns': ['receiver', 'seq']}, {'columns': ['build_id']}]) }}
-- Records a receiver has published (公示率), with the build that heard of it. Receipts come in order and count once they
-- had come before the build was opened, so a resumed build hears of the same ones.
with heard as (
    select r.receiver,
        {% if is_incremental() -%}
        (select max(k.seq) from {{ this }} k where k.receiver = r.receiver)
        {%- else %}0{% endif %} as seq
    from (select distinct receiver from {{ source('ledger', 'release') }}) r
)
select e.receiver, e.record_id, min(e.seq) as seq, cast({{ var('build_id') }} as bigint) as build_id
from heard h
join {{ source('ledger', 'receiver_event') }} e on e.receiver = h.receiver and e.seq > coalesce(h.seq, 0)
join {{ source('ledger', 'build') }} b on b.build_id = {{ var('build_id') }} and e.fetched_at <= b.opened_at
where e.event = 'published'
{%- if is_incremental() %}
  and not exists (select 1 from {{ this }} k where k.record_id = e.record_id and k.receiver = e.receiver)
{%- endif %}
group by e.receiver, e.record_id
