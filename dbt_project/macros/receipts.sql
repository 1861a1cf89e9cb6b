{#- The key under which a delivered row counts: the unit's record, or the row itself where the key cannot be read.
    record_id: its text. -#}
{% macro receipt_key(batch, row, record_id) -%}
    case when {{ row }}.record_id is null then concat_ws('', {{ batch }}.seq, ':', {{ row }}.row_no)
         else concat_ws('', {{ batch }}.unit_id, ':', {{ record_id }}) end
{%- endmacro %}

{#- Keys of the rows of a licence or penalty that this build delivers or a replay in it takes back. -#}
{% macro receipts_of_build() -%}
    select distinct {{ receipt_key('b', 'r', 'r.record_id') }} as receipt_key
    from {{ source('ledger', 'build_input') }} i
    join {{ source('ledger', 'batch') }} b on b.seq = i.batch_seq
    join {{ ref('stg_landed_row') }} r on r.batch_seq = i.batch_seq and r.attempt = i.attempt
    where i.build_id = {{ var('build_id') }} and r.kind in ('administrative_licence', 'administrative_penalty')
{%- endmacro %}

{#- What is counted of a decision (0 or 1 each), and all columns of its supervision image. -#}
{% macro receipt_flags() -%}
    {%- do return(['backlog', 'received', 'accepted', 'accepted_at_once', 'due', 'running', 'late', 'late_by_receipt',
                   'overdue', 'month_of_receipt', 'organisations', 'linked', 'to_publish', 'published']) -%}
{%- endmacro %}

{% macro receipt_columns(alias) -%}
    {%- for name in ['receipt_key', 'unit_id', 'decision_table', 'decision_month', 'record_id', 'first_received_on',
                     'first_accepted_on', 'decision_date', 'deadline'] + receipt_flags() -%}
    {{ alias }}.{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
