{{ config(meta={'of_build': true}) }}
-- Old (sign -1) and new (sign 1) image of every decision whose figures this build changes: what the counter adds up.
{%- set before = none if flags.FULL_REFRESH else previous('int_supervision__receipt') %}
select 1 as sign, {{ receipt_columns('now') }}
from {{ ref('int_supervision__image') }} now
{%- if before is not none %}
left join {{ before }} before on before.receipt_key = now.receipt_key
where before.receipt_key is null or ({{ receipt_columns('before') }}) is distinct from ({{ receipt_columns('now') }})
union all
select -1, {{ receipt_columns('before') }}
from {{ ref('int_supervision__touched') }} t
join {{ before }} before on before.receipt_key = t.receipt_key
left join {{ ref('int_supervision__image') }} now on now.receipt_key = t.receipt_key
where now.receipt_key is null or ({{ receipt_columns('before') }}) is distinct from ({{ receipt_columns('now') }})
{%- endif %}
