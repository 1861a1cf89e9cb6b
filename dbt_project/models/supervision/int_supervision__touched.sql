{{ config(meta={'of_build': true}, indexes=[{'columns': ['receipt_key'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- Decisions whose supervision figures this build may change: delivered or withdrawn rows, those whose deadline had not
-- passed at the last build, those whose record changed (its subject, an event, a term that ran out), and those whose
-- deadline or publication was told anew.
{%- set first = ref('int_decision_receipt__first') %}
{%- set delivered = receipts_of_build() %}
{%- set before = previous('int_supervision__receipt') %}
{%- if flags.FULL_REFRESH or before is none %}
select receipt_key from {{ first }}
{%- else %}
{{ delivered }}
union
select receipt_key from {{ before }} where running = 1
union
select f.receipt_key
from {{ ref('int_working_days__deadlines') }} w join {{ first }} f on f.counted_on = w.day
where w.build_id = {{ var('build_id') }}
union
select f.receipt_key
from {{ ref('int_records__touched') }} t join {{ first }} f on f.record_id = t.record_id
where t.kind in ('administrative_licence', 'administrative_penalty')
union
select f.receipt_key
from {{ ref('int_receiver_event__published') }} p join {{ first }} f on f.record_id = p.record_id
    where p.build_id = {{ var('build_id') }}
{%- endif %}
