{{ config(materialized='incremental', incremental_strategy='merge',
    unique_key=['unit_id', 'decision_table', 'decision_month'],
          indexes=[{'columns': ['unit_id', 'decision_table', 'decision_month'], 'unique': true}]) }}
-- Additive counters of decisions per unit, table and decision month: minus the old image, plus the new. Each row knows
-- the build it applied last, so a resumed build adds nothing twice.
with delta as (
    select unit_id, decision_table, decision_month
        {%- for name in receipt_flags() %},
        sum(sign * {{ name }}) as {{ name }}
        {%- endfor %}
    from {{ ref('int_supervision__changes') }}
    group by unit_id, decision_table, decision_month
)
select d.unit_id, d.decision_table, d.decision_month
    {%- for name in receipt_flags() %},
    cast({% if is_incremental() %}coalesce(b.{{ name }}, 0) + {% endif %}d.{{ name }} as bigint) as {{ name }}
    {%- endfor %},
    cast({{ var('build_id') }} as bigint) as build_id
from delta d
{%- if is_incremental() %}
left join {{ this }} b
  on b.unit_id = d.unit_id and b.decision_table = d.decision_table and b.decision_month = d.decision_month
where b.build_id is null or b.build_id < {{ var('build_id') }}
{%- endif %}
