{{ config(materialized='incremental', incremental_strategy='merge', unique_key='uscc',
          indexes=[{'columns': ['uscc'], 'unique': true}, {'columns': ['build_id']}]) }}
-- Codes of the enterprise register, with the build in which each came to be known; one that a replay took back is known
-- no more.
with register as (
    select distinct uscc from {{ ref('int_enterprise_registration__current') }} where uscc <> ''
)
{%- if is_incremental() %}
select coalesce(r.uscc, before.uscc) as uscc, r.uscc is not null as known,
    cast({{ var('build_id') }} as bigint) as build_id
from register r
full outer join {{ this }} before on before.uscc = r.uscc
where (r.uscc is not null) is distinct from before.known
{%- if 'enterprise_registration' not in kinds_of_build() %} and false {%- endif %}
{%- else %}
select uscc, true as known, cast({{ var('build_id') }} as bigint) as build_id from register
{%- endif %}
