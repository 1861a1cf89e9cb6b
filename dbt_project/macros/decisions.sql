{#- What licences and penalties share: accepted rows, touched records, images, changes, current. -#}

{#- Records whose image this build may change: delivered or withdrawn rows, events about them, links, a term that ran
    out. -#}
{% macro touched_decisions(kind, table_name) %}
{%- set current = previous('int_' ~ kind ~ '__current') -%}
{%- if flags.FULL_REFRESH or current is none %}
select distinct record_id from {{ ref('stg_' ~ kind) }}
{%- if current is not none %} union select record_id from {{ current }} {%- endif %}
{%- else %}
select r.record_id
from {{ source('ledger', 'build_input') }} i
join {{ source('raw', kind) }} r on r.batch_seq = i.batch_seq and r.attempt = i.attempt
where i.build_id = {{ var('build_id') }} and i.kind = '{{ kind }}' and r.record_id is not null
union
select d.record_id
from {{ source('ledger', 'build_input') }} i
join {{ source('raw', 'decision_event') }} e on e.batch_seq = i.batch_seq and e.attempt = i.attempt
join {{ ref('stg_' ~ kind) }} d on d.decision_no = e.decision_no and d.authority_uscc = e.authority_uscc
where i.build_id = {{ var('build_id') }} and i.kind = 'decision_event' and e.decision_table = '{{ table_name }}'
union
select l.old_record_id
from {{ source('ledger', 'record_link') }} l
join {{ source('ledger', 'build_input') }} i on i.batch_seq = l.batch_seq
where i.build_id = {{ var('build_id') }} and l.kind = '{{ kind }}'
{%- if kind == 'administrative_penalty' %}
union
select record_id from {{ current }}
where publication_state = 'published' and publication_until < cast('{{ var("business_date") }}' as date)
{%- endif %}
{%- endif %}
{% endmacro %}

{#- The image of the touched records: newest version in version order, with what events, links and terms make of it. -#}
{% macro decision_images(kind, table_name) %}
with touched as (
    select record_id from {{ ref('int_' ~ kind ~ '__touched') }}
), versions as {{ computed_once() }} (
    select s.*,
        row_number() over (partition by s.record_id
                           order by s.source_version desc, s.batch_seq desc, s.row_no desc) as newest,
        min(s.accepted_on) over (partition by s.record_id) as first_accepted_on,
        count(*) over (partition by s.record_id) as version_count
    from touched join {{ ref('stg_' ~ kind) }} s on s.record_id = touched.record_id
), newest as (
    select * from versions where newest = 1
), ended as (
    select n.record_id, min(e.event_date) as ended_on, min(e.accepted_on) as end_known_on, min(e.basis) as end_basis
    from newest n
    join {{ ref('stg_decision_event') }} e
      on e.decision_no = n.decision_no and e.authority_uscc = n.authority_uscc
     and e.event_type = '撤销' and e.decision_table = '{{ table_name }}'
     and (case when e.uscc <> '' then e.uscc = n.uscc when e.id_no <> '' then e.id_no = n.id_no else true end)
    group by n.record_id
), replaced as (
    select l.old_record_id as record_id, min(l.linked_on) as replaced_on
    from {{ source('ledger', 'record_link') }} l
    join versions v on v.record_id = l.old_record_id and v.batch_seq < l.batch_seq  -- what comes later was not meant
    join {{ ref('stg_' ~ kind) }} s on s.record_id = l.new_record_id
    group by l.old_record_id
)
select
    n.record_id, n.variant, n.batch_seq, n.attempt, n.row_no, n.source_version, n.content_hash, n.unit_id, n.dataset_id,
    n.received_on, n.accepted_on, n.first_accepted_on, n.version_count,
    {% for name, _ in record_fields(kind) %}n.{{ name }}, {% endfor %}
    case when ended.record_id is not null then 'revoked' when replaced.record_id is not null then 'replaced'
         else 'active' end as state,
    coalesce(ended.end_known_on, replaced.replaced_on) as state_known_on,
    ended.ended_on, ended.end_basis
from newest n
left join ended on ended.record_id = n.record_id
left join replaced on replaced.record_id = n.record_id
{% endmacro %}

{#- Old and new image of every record this build changes, appended once per build. -#}
{% macro decision_changes(kind) %}
{%- set current = previous('int_' ~ kind ~ '__current') -%}
{%- set compared = ['content_hash', 'state'] + (['publication_state'] if kind == 'administrative_penalty' else []) %}
select
    {{ var('build_id') }} as build_id, t.record_id,
    case when before.record_id is null then 'insert' when now.record_id is null then 'delete' else 'update' end as change,
    {% for name in compared -%}
    before.{{ name }} as old_{{ name }}, now.{{ name }} as new_{{ name }},
    {% endfor -%}
    coalesce(now.unit_id, before.unit_id) as unit_id,
    cast('{{ var("business_date") }}' as date) as business_date
from {{ ref('int_' ~ kind ~ '__touched') }} t
left join {{ ref('int_' ~ kind ~ '__image') }} now on now.record_id = t.record_id
{% if current is not none -%}
left join {{ current }} before on before.record_id = t.record_id
{%- else -%}
left join (select * from {{ ref('int_' ~ kind ~ '__image') }} where false) before on before.record_id = t.record_id
{%- endif %}
where (now.record_id is not null or before.record_id is not null)
  and (before.record_id is null or now.record_id is null
       or before.batch_seq <> now.batch_seq or before.row_no <> now.row_no or before.attempt <> now.attempt
       or before.version_count <> now.version_count
       {%- for name in compared %} or before.{{ name }} <> now.{{ name }}{% endfor %})
{% endmacro %}

{#- The current image of every record, merged from the touched ones; records without any row left were taken out. -#}
{% macro decision_current(kind) %}
select image.*, {{ var('build_id') }} as build_id
from {{ ref('int_' ~ kind ~ '__image') }} image
{% if is_incremental() -%}
where exists (select 1 from {{ ref('int_' ~ kind ~ '__changes') }} c
              where c.record_id = image.record_id and c.build_id = {{ var('build_id') }})
{%- endif %}
{% endmacro %}

{#- What this build offers a receiver of an interface's changed records (CTE "changed"), and what it withdraws: records
    that no accepted row holds any more, as they were offered last. -#}
{% macro offered(kind, variant, codes) -%}
select
    cast({{ var('build_id') }} as bigint) as build_id, record_id,
    case when state = 'active' then 'upsert' else 'delete' end as operation_hint,
    md5(concat_ws('|', '{{ variant }}', {{ codes | join(', ') }})) as version,
    case when state = 'active' then change else state end as reason,
    case when state = 'revoked' then state_known_on + {{ var('withdrawn_within_days') }} end as due_on,
    {{ codes | join(', ') }}
from changed
{%- if is_incremental() %}
{%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
union all
select
    cast({{ var('build_id') }} as bigint), gone.record_id, 'delete', last.version, 'withdrawn', cast(null as date)
    {%- for code in codes %}, {{ 'last.' ~ code if code in columns else "''" }}{% endfor %}
from {{ ref('int_' ~ kind ~ '__changes') }} gone
join (
    select offered.*, row_number() over (partition by offered.record_id order by offered.build_id desc) as newest
    from {{ ref('int_' ~ kind ~ '__changes') }} c join {{ this }} offered on offered.record_id = c.record_id
    where c.build_id = {{ var('build_id') }} and c.change = 'delete'
) last on last.record_id = gone.record_id and last.newest = 1
where gone.build_id = {{ var('build_id') }} and gone.change = 'delete'
{%- endif %}
{%- endmacro %}

{% macro as_day(column) -%} coalesce({{ day_text(column) }}, '') {%- endmacro %}
{% macro as_amount(column) -%} coalesce(cast({{ plain_number(column) }} as {{ dbt.type_string() }}), '') {%- endmacro %}

{#- The last day the law lets a penalty be published: as stated, at most the longest term of its severity class. -#}
{% macro publication_end(penalty, class) -%}
    least({{ penalty }}.publication_end, cast({{ dbt.dateadd('month', class ~ '.max_months', penalty ~ '.decision_date') }} as date))
{%- endmacro %}
