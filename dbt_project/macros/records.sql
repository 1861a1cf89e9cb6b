{#- What the unified record chain shares: its rosters. -#}

{% macro datasets_of_build(operation=none) -%}
    select own.dataset_id from {{ source('ledger', 'build_input') }} i
    join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq and own.delivery_mode = 'full_snapshot'
    where i.build_id = {{ var('build_id') }} {%- if operation %} and i.operation = '{{ operation }}'{% endif %}
{%- endmacro %}

{#- Versions of a kind that comes as full rosters, as CTEs: ranked (newest = 1; mode is how its batch was delivered),
    present (the records of each dataset's newest accepted full snapshot) and newest_snapshot. An empty or held one ends
    nothing. -#}
{% macro roster_versions(kind) -%}
newest_snapshot as (
    select dataset_id, max(seq) as seq from {{ source('ledger', 'batch') }}
    where kind = '{{ kind }}' and delivery_mode = 'full_snapshot' and rows_in > 0
      and state in ('accepted', 'accepted_with_quarantine')
      and seq in (select batch_seq from {{ source('ledger', 'build_input') }} where build_id <= {{ var('build_id') }})
    group by dataset_id
), present as (
    select distinct r.record_id
    from newest_snapshot n
    join {{ source('ledger', 'batch') }} b on b.seq = n.seq
    join {{ ref('stg_landed_row') }} r on r.batch_seq = b.seq and r.attempt = b.current_attempt
    where r.kind = '{{ kind }}'
), ranked as (
    select s.*, own.delivery_mode as mode, row_number() over (
        partition by s.record_id order by s.source_version desc, s.batch_seq desc, s.row_no desc) as newest
    from {{ ref('stg_' ~ kind) }} s
    join {{ source('ledger', 'batch') }} own on own.seq = s.batch_seq
)
{%- endmacro %}
