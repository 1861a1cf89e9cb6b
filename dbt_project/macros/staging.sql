{#- Which landed rows of a kind are accepted, and when: those of its live attempts that have a key and that nothing else
    became of. All staging of a kind goes through here. -#}
{% macro accepted_rows(kind) -%}
    select r.*, b.unit_id, b.dataset_id, b.business_date as received_on,
        coalesce(b.gated_on, b.business_date) as accepted_on
    {{ landed_rows(kind) }}
    join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
    {{ kept_out() }}
    where o.row_no is null and u.batch_seq is null and r.record_id is not null
{%- endmacro %}

{#- The rows of a kind that a build takes in, as "from … live join … r". A build names its batches, so that no partition
    of the raw table is opened that holds none of them. -#}
{% macro landed_rows(kind) -%}
    from ({{ live_attempts(kind) }}) live
    join {{ source('raw', kind) }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
    {%- if is_incremental() %} and r.batch_seq in ({{ batches_of_build(kind) | join(', ') }}) {%- endif %}
{%- endmacro %}

{#- '' on arrival means "not given". Bad values cannot be among accepted rows, the gate kept them out. -#}
{% macro given_date(column) -%} cast(nullif({{ column }}, '') as date) {%- endmacro %}
{% macro given_amount(column) -%} cast(nullif({{ column }}, '') as numeric(18, 6)) {%- endmacro %}
{% macro given_count(column) -%} cast(nullif({{ column }}, '') as integer) {%- endmacro %}
