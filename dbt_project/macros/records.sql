{#- What the unified record chain shares: its rosters, and what leaves with a withdrawn record. -#}

{% macro datasets_of_build(operation=none) -%}
    select own.dataset_id from {{ source('ledger', 'build_input') }} i
    join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq and own.delivery_mode = 'full_snapshot'
    where i.build_id = {{ var('build_id') }} {%- if operation %} and i.operation = '{{ operation }}'{% endif %}
{%- endmacro %}

{#- Before rosters are compared again: from this build's first snapshot on, all of a dataset when a replay took one back. -#}
{% macro take_out_rosters() -%}
    {%- if is_incremental() %}
    delete from {{ this }} r
    where r.dataset_id in ({{ datasets_of_build('remove') }})
       or r.batch_seq >= (select min(i.batch_seq) from {{ source('ledger', 'build_input') }} i
                          join {{ source('ledger', 'batch') }} own on own.seq = i.batch_seq
                          where i.build_id = {{ var('build_id') }} and own.dataset_id = r.dataset_id)
    {%- else %}select 1{%- endif %}
{%- endmacro %}

{#- The touched records' rows go out before they are written again, in the transaction of the model. -#}
{% macro take_out_touched() -%}
    {%- if is_incremental() %}
    delete from {{ this }} where record_id in (select record_id from {{ ref('int_records__touched') }})
    {%- else %}select 1{%- endif %}
{%- endmacro %}

{% macro drop_vanished_records() -%}
    {%- if is_incremental() %}
    delete from {{ this }} where record_id in (
        select record_id from {{ ref('int_records__changes') }} where build_id = {{ var('build_id') }} and change = 'delete')
    {%- else %}select 1{%- endif %}
{%- endmacro %}
