{{ config(materialized='view') }}
-- Records whose key was corrected: another accepted record has taken their place. A record that came only after the
-- correction and happens to bear the corrected key is one of its own.
{% for kind in record_kinds() -%}
select l.old_record_id as record_id, l.linked_on
from {{ source('ledger', 'record_link') }} l
where l.kind = '{{ kind }}' and exists (select 1 from {{ ref('stg_' ~ kind) }} s where s.record_id = l.new_record_id)
  and exists (select 1 from {{ ref('stg_' ~ kind) }} o where o.record_id = l.old_record_id
      and o.batch_seq < l.batch_seq)
{{ 'union all' if not loop.last }}
{% endfor %}
