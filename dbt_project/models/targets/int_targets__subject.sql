{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          meta={'grain': ['subject_id'],
                'takes_out': keys_of('int_targets__touched', ['subject_id'], where='told')},
          indexes=[{'columns': ['subject_id'], 'unique': true}]) }}
-- Organisations of the registers with the population they belong to and the days between which they were alive. One
-- that had ended before we first heard of it, at an unknown day, is never counted; one that no roster lists any more,
-- till that build.
select
    s.subject_id,
    case when s.subject_class = 'enterprise' then 'enterprise'
         when s.org_type = '事业单位' then 'public_institution'
         when s.org_type in ('社会团体', '民办非企业单位', '基金会') then 'social_organisation' else 'other' end as population,
    s.uscc, s.name, coalesce(r.unit_id, '') as unit_id,
    coalesce(s.established_on, cast('1900-01-01' as date)) as alive_from,
    case when not coalesce(r.alive, true)
         then coalesce(r.ended_on, s.established_on, cast('1900-01-01' as date))
         when s.gone then b.business_date end as alive_to
from {{ ref('int_targets__touched') }} t
join {{ source('subjects', 'subject') }} s on s.subject_id = t.subject_id
left join {{ ref('int_targets__register') }} r on r.subject_id = s.subject_id
left join {{ source('ledger', 'build') }} b on b.build_id = s.build_id
where t.told
