{{ config(meta={'of_build': true}, indexes=[{'columns': ['record_id'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- Records this build may change: delivered or withdrawn rows, events about them, corrected keys and corrections that
-- were decided or undone, rosters, a subject that was merged or split, and a day that ended a term.
{%- set roster = ref('int_records__roster') %}
{%- set landed = ref('stg_landed_row') %}
{%- set landed_event = ref('stg_landed_event') %}
{%- set current = previous('int_records__current') %}
{%- set penalties = previous('int_administrative_penalty__current') %}
{% if not execute or flags.FULL_REFRESH or current is none %}
{%- for kind in record_kinds() %}
select distinct '{{ kind }}' as kind, record_id from {{ ref('stg_' ~ kind) }}
{{ 'union all' if not loop.last }}
{% endfor %}
{%- if current is not none %}
union select kind, record_id from {{ current }}
{%- endif %}
{%- else %}
{%- set kinds = kinds_of_build() | select('in', record_kinds()) | list %}
select r.kind, r.record_id
from {{ source('ledger', 'build_input') }} i
join {{ landed }} r on r.kind = i.kind and r.batch_seq = i.batch_seq and r.attempt = i.attempt
where i.build_id = {{ var('build_id') }} and r.record_id is not null
  and r.kind in ('{{ kinds | join("', '") }}')
union
select c.kind, c.record_id
from {{ source('ledger', 'build_input') }} i
join {{ landed_event }} e on e.batch_seq = i.batch_seq and e.attempt = i.attempt
join {{ current }} c on c.document_no = e.decision_no and c.authority_uscc = e.authority_uscc
    and c.event_table = e.decision_table
where i.build_id = {{ var('build_id') }} and i.kind = 'decision_event' and c.event_table <> ''
union
select c.kind, c.record_id
from {{ source('ledger', 'record_link') }} l
join {{ source('ledger', 'build_input') }} i on i.batch_seq = l.batch_seq and i.build_id = {{ var('build_id') }}
join {{ current }} c on c.record_id = l.old_record_id
union
select c.kind, c.record_id
from {{ source('ledger', 'link_change') }} l join {{ current }} c on c.record_id = l.record_id
where l.build_id = {{ var('build_id') }}
union
select c.kind, c.record_id
from {{ roster }} r join {{ current }} c on c.record_id = r.record_id
where r.build_id = {{ var('build_id') }}
union
select c.kind, c.record_id
from {{ source('subjects', 'change') }} s join {{ current }} c on c.lookup_scheme = s.scheme
    and c.lookup_value = s.value
where s.build_id = {{ var('build_id') }}
union
select c.kind, c.record_id from {{ current }} c where c.changes_on <= {{ business_day() }}
{%- if penalties is not none %}
union
select 'administrative_penalty', p.record_id from {{ penalties }} p
where p.publication_state = 'published' and p.publication_until < {{ business_day() }}
{%- endif %}
{%- endif %}
