{{ config(materialized='incremental', incremental_strategy='merge',
    unique_key=['subject_id', 'kind', 'nature', 'topic'],
          indexes=[{'columns': ['subject_id', 'kind', 'nature', 'topic'], 'unique': true},
              {'columns': ['build_id']}]) }}
-- Additive counters of organisations' records by kind, nature and topic: minus the old image, plus the new. Each row
-- knows the build it applied last. The latest day is looked up again only where the record that held it was taken back.
with images as (
    {{ signed_images(['subject_id', 'nature', 'topic', 'state', 'severity_class', 'event_on']) }}
), delta as (
    select
        subject_id, kind, nature, topic,
        sum(case when {{ stands('state') }} then sign else 0 end) as records,
        sum(case when state = 'current' then sign else 0 end) as open_records,
        sum(case when {{ stands('state') }} and severity_class = 'serious' then sign else 0 end) as serious_records,
        max(case when sign = 1 and {{ stands('state') }} then event_on end) as newest_on,
        max(case when sign = -1 and {{ stands('state') }} then event_on end) as retracted_on
    from images
    where subject_id is not null
    group by subject_id, kind, nature, topic
){% if is_incremental() %}, applied as (
    select d.*, coalesce(b.records, 0) as old_records, coalesce(b.open_records, 0) as old_open_records,
        coalesce(b.serious_records, 0) as old_serious_records, b.last_event_on,
        d.retracted_on >= b.last_event_on and coalesce(d.newest_on < b.last_event_on, true) as look_again
    from delta d
    left join {{ this }} b
      on b.subject_id = d.subject_id and b.kind = d.kind and b.nature = d.nature and b.topic = d.topic
    where b.build_id is null or b.build_id < {{ var('build_id') }}
)
select
    a.subject_id, a.kind, a.nature, a.topic, cast(a.old_records + a.records as bigint) as records,
    cast(a.old_open_records + a.open_records as bigint) as open_records,
    cast(a.old_serious_records + a.serious_records as bigint) as serious_records,
    case when coalesce(a.look_again, false) then (
        select max(c.event_on) from {{ ref('int_records__current') }} c
        where c.subject_id = a.subject_id and c.kind = a.kind and c.nature = a.nature and c.topic = a.topic
          and {{ stands('c.state') }})
    else greatest(a.last_event_on, a.newest_on) end as last_event_on,
    cast({{ var('build_id') }} as bigint) as build_id
from applied a
{%- else %}
select
    subject_id, kind, nature, topic, cast(records as bigint) as records, cast(open_records as bigint) as open_records,
    cast(serious_records as bigint) as serious_records, newest_on as last_event_on,
    cast({{ var('build_id') }} as bigint) as build_id
from delta
{%- endif %}
