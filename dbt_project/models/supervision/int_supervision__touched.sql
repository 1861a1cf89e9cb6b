{{ config(meta={'of_build': true}, indexes=[{'columns': ['receipt_key'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- Decisions whose supervision figures this build may change: delivered or withdrawn rows, those that wait for
-- acceptance while days pass, and those whose deadline, registered code or publication was told anew.
{%- set first = ref('int_decision_receipt__first') %}
{%- set delivered = receipts_of_build() %}
{%- set told = "where build_id = " ~ var('build_id') %}
{%- if flags.FULL_REFRESH or previous('int_supervision__receipt') is none %}
select receipt_key from {{ first }}
{%- else %}
{{ delivered }}
union
select receipt_key from {{ first }} where first_accepted_on is null
union
select f.receipt_key from {{ first }} f
where exists (select 1 from {{ ref('int_working_days__deadlines') }} {{ told }})
  and (f.decided_on in (select day from {{ ref('int_working_days__deadlines') }} {{ told }})
       or f.first_decision_date in (select day from {{ ref('int_working_days__deadlines') }} {{ told }}))
union
select f.receipt_key from {{ ref('int_registry__codes') }} c join {{ first }} f on f.uscc = c.uscc
    where c.build_id = {{ var('build_id') }}
union
select f.receipt_key
from {{ ref('int_receiver_event__published') }} p join {{ first }} f on f.record_id = p.record_id
    where p.build_id = {{ var('build_id') }}
{%- endif %}
