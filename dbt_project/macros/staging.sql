{#- Accepted rows of the live attempts of a kind as a CTE body; bad values cannot be here, the gate kept them out. -#}
{% macro accepted_rows(kind) %}
    select r.*, b.unit_id, b.dataset_id, b.business_date as received_on, coalesce(b.gated_on, b.business_date) as accepted_on
    from ({{ live_attempts(kind) }}) live
    join {{ source('raw', kind) }} r on r.batch_seq = live.batch_seq and r.attempt = live.attempt
    join {{ source('ledger', 'batch') }} b on b.seq = live.batch_seq
    {{ kept_out() }}
    where o.row_no is null and u.batch_seq is null and r.record_id is not null
{% endmacro %}

{#- Accepted rows of a kind with its fields, typed (macros/record_fields.sql). -#}
{% macro staged_records(kind) %}
{%- set fields = record_fields(kind) %}
{%- if is_incremental() and kind not in kinds_of_build() %}
select * from {{ this }} where false
{%- else %}
with accepted as {{ computed_once() }} ({{ accepted_rows(kind) }})
select
    r.record_id, r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version, r.content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on
    {%- for name, type in fields %},
    {{ typed(name, type) }}
    {%- endfor %}
from accepted r
{%- endif %}
{% endmacro %}
