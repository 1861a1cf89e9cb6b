{{ config(meta={'of_build': true}, indexes=[{'columns': ['item_key'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- What coverage targets may count otherwise than before this build: subjects that were told anew, whose register rows
-- or records changed, and whoever is or was on a roster. A register row that a replay took back names nobody any more:
-- all of them. Told: what the registers say of it may be otherwise, not its records or rosters alone.
{%- set changes = ref('int_records__changes') %}
{%- set moved = ref('int_subjects__moved') %}
{%- set roster = ref('int_targets__roster') %}
{%- set registers = [ref('int_enterprise_registration__current'), ref('int_organisation_registration__current')] %}
{%- set subject = previous('int_targets__subject') %}
{%- set member = previous('int_targets__member') %}
{%- set taken_back = kinds_of_build("i.operation = 'remove'") | select('in', register_kinds()) | list %}
with touched as (
    {%- if not execute or flags.FULL_REFRESH or subject is none or member is none or taken_back %}
    select subject_id as item_key, 1 as told from {{ source('subjects', 'subject') }}
    {%- if subject is not none %}
    union select subject_id, 1 from {{ subject }}
    {%- endif %}
    {%- else %}
    select subject_id as item_key, 1 as told from {{ moved }}
    {%- for side in ('old', 'new') %}
    union
    select {{ side }}_subject_id, 1 from {{ source('subjects', 'change') }} where build_id = {{ var('build_id') }}
    union
    select {{ side }}_subject_id, 0 from {{ changes }} where build_id = {{ var('build_id') }}
    {%- endfor %}
    {%- for register in registers %}
    union
    select i.subject_id, 1
    from {{ register }} c
    join {{ source('subjects', 'identifier') }} i on i.scheme = c.subject_scheme and i.value = c.subject_value
    where c.build_id = {{ var('build_id') }}
    {%- endfor %}
    {%- endif %}
    union
    select item_key, 0 from {{ roster }}
    {%- if member is not none %}
    union
    select item_key, 0 from {{ member }}
    where figure_id in (select figure_id from {{ ref('target') }} where denominator_rule like 'roster:%')
    {%- endif %}
)
select item_key, item_key as subject_id, max(told) = 1 as told
from touched
where item_key is not null
group by item_key
