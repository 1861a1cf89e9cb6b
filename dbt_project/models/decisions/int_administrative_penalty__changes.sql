-- Made from include/catalogue/kinds/administrative_penalty.yml by `public-credit catalogue generate`: edit there.
{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['build_id', 'record_id'], 'once': true}, full_refresh=false) }}
-- Old and new image of every record of the kind this build changes, appended once per build: what is sent and shown of
-- it feeds on these. Whom it is about and a term that ran out change the record, not what is told of it.
{%- set current = previous('int_administrative_penalty__current') %}
{%- set image = ref('int_administrative_penalty__image') %}
{%- set nothing = "(select * from " ~ image ~ " where false)" %}
select
    {{ var('build_id') }} as build_id, t.record_id,
    case when before.record_id is null then 'insert' when now.record_id is null then 'delete'
        else 'update' end as change,
    before.content_hash as old_content_hash, now.content_hash as new_content_hash,
    before.state as old_state, now.state as new_state,
    before.publication_state as old_publication_state, now.publication_state as new_publication_state,
    coalesce(now.unit_id, before.unit_id) as unit_id, {{ business_day() }} as business_date
from {{ ref('int_records__touched') }} t
left join {{ image }} now on now.record_id = t.record_id
left join {{ current or nothing }} before on before.record_id = t.record_id
where t.kind = 'administrative_penalty' and (now.record_id is not null or before.record_id is not null)
  and (before.record_id is null or now.record_id is null
       or before.batch_seq <> now.batch_seq or before.row_no <> now.row_no or before.attempt <> now.attempt
       or before.version_count <> now.version_count or before.content_hash <> now.content_hash
       or before.state <> now.state or before.state_known_on is distinct from now.state_known_on
       or before.ended_on is distinct from now.ended_on or before.end_basis is distinct from now.end_basis
       or before.publication_state <> now.publication_state
       or before.publication_until is distinct from now.publication_until)
