{#- What the unified record chain shares: states, columns, rosters. -#}

{#- The state a record has on a day, by what is known of it. -#}
{% macro record_state(r, day) -%}
    case when {{ r }}.revoked_on <= {{ day }} then 'revoked' when {{ r }}.replaced_on <= {{ day }} then 'replaced'
         when {{ r }}.repaired_on <= {{ day }} then 'repaired' when {{ r }}.exited_on <= {{ day }} then 'ended'
         when {{ r }}.ends_on < {{ day }} then 'expired' else 'current' end
{%- endmacro %}

{% macro business_day() -%} cast('{{ var("business_date") }}' as date) {%- endmacro %}

{#- Columns of a record's image, in the order of the contract. -#}
{% macro record_columns() -%}
    {%- do return(['record_id', 'kind', 'variant', 'dataset_id', 'unit_id', 'sectors', 'disclosure', 'batch_seq',
        'attempt', 'row_no', 'source_version', 'content_hash', 'received_on', 'accepted_on', 'first_accepted_on', 'version_count',
        'subject_class', 'lookup_scheme', 'lookup_value', 'placeholder_code', 'person_ref', 'subject_name', 'subject_id',
        'link_state', 'link_reason', 'nature', 'topic', 'event_table', 'title', 'detail', 'document_no', 'authority_name',
        'authority_uscc', 'event_on', 'ends_on', 'exited_on', 'severity_class', 'state', 'objected', 'state_known_on',
        'changes_on']) -%}
{%- endmacro %}

{% macro datasets_of_build(operation=none) -%}
    select own.dataset_id from {{ source('ledger', 'build_input') }} i
    join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq and own.delivery_mode = 'full_snapshot'
    where i.build_id = {{ var('build_id') }} {%- if operation %} and i.operation = '{{ operation }}'{% endif %}
{%- endmacro %}

{#- Versions of a kind that comes as full rosters, as CTEs: ranked (newest = 1; mode is how its batch was delivered) and
    gone (records the newest accepted full snapshot of their dataset lacks, since the first one after the last that listed
    them; what is known for good does not move with every further roster). An empty or held one ends nothing. -#}
{% macro roster_versions(kind) -%}
snapshot as (
    select dataset_id, seq, current_attempt as attempt, cast(coalesce(gated_on, business_date) as date) as known_on
    from {{ source('ledger', 'batch') }}
    where kind = '{{ kind }}' and delivery_mode = 'full_snapshot' and rows_in > 0
      and state in ('accepted', 'accepted_with_quarantine')
      and seq in (select batch_seq from {{ source('ledger', 'build_input') }} where build_id <= {{ var('build_id') }})
), ranked as (
    select s.*, own.delivery_mode as mode, row_number() over (
        partition by s.record_id order by s.source_version desc, s.batch_seq desc, s.row_no desc) as newest
    from {{ ref('stg_' ~ kind) }} s
    join {{ source('ledger', 'batch') }} own on own.seq = s.batch_seq
), last_listed as (
    select r.record_id, s.dataset_id, max(s.seq) as seq
    from snapshot s
    join {{ ref('stg_landed_row') }} r on r.batch_seq = s.seq and r.attempt = s.attempt
    where r.kind = '{{ kind }}'
    group by r.record_id, s.dataset_id
), gone as (
    select r.record_id, min(s.known_on) as left_on
    from ranked r
    left join last_listed l on l.record_id = r.record_id and l.dataset_id = r.dataset_id
    join snapshot s on s.dataset_id = r.dataset_id and s.seq > coalesce(l.seq, r.batch_seq)
    where r.newest = 1 and r.mode = 'full_snapshot'
    group by r.record_id
)
{%- endmacro %}
