{#- The key under which a delivered row counts: the unit's record, or the row itself where the key cannot be read. -#}
{% macro receipt_key(batch, row) -%}
    case when {{ row }}.record_id is null then concat({{ batch }}.seq, ':', {{ row }}.row_no)
         else concat({{ batch }}.unit_id, ':', {{ row }}.record_id) end
{%- endmacro %}

{#- Rows of attempts that a replay replaced: their keys go out unless another attempt still holds them. -#}
{% macro drop_unreceived() -%}
    {%- if is_incremental() %}
    delete from {{ this }} gone where exists (
        select 1 from {{ source('ledger', 'build_input') }}
        where build_id = {{ var('build_id') }} and operation = 'remove')
      and not exists (select 1 from {{ ref('stg_decision_receipt') }} s where s.receipt_key = gone.receipt_key)
    {%- else %}select 1{%- endif %}
{%- endmacro %}
