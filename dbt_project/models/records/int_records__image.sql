{{ config(meta={'of_build': true}, indexes=[{'columns': ['record_id'], 'unique': true}],
          post_hook="{{ take_statistics(this) }}") }}
-- The image of the touched records on the business date: what is known now, the state it has today, whom it is about.
with known as (
    select
        h.*, {{ record_state('h', business_day()) }} as state,
        coalesce(h.objected_on > coalesce(h.objection_closed_on, cast('0001-01-01' as date)), false) as objected
    from {{ ref('int_records__touched') }} t
    join {{ ref('int_records__history') }} h on h.record_id = t.record_id
    where h.known_to is null
), linked as (
    select
        k.*, coalesce(d.sectors, '') as sectors, coalesce(d.disclosure, '封存') as disclosure, i.subject_id,
        case k.state when 'revoked' then k.revocation_known_on when 'replaced' then k.replaced_on
             when 'repaired' then k.repair_known_on when 'ended' then greatest(k.exited_on, k.known_from)
             when 'expired' then greatest(k.ends_on + 1, k.known_from) end as state_known_on,
        case when k.state = 'current' then least(k.exited_on, k.ends_on + 1)
             when k.state = 'expired' then k.exited_on end as changes_on,
        case when k.subject_class = 'person' then 'person' when i.subject_id is not null then 'linked'
             else 'unresolved' end as link_state,
        case when k.subject_class = 'person' or i.subject_id is not null then ''
             when i.value is not null then 'ambiguous'
             when k.lookup_value = '' then 'no_identifier'
             when k.lookup_scheme = 'name' and k.placeholder_code then 'placeholder'
             when k.lookup_scheme = 'name' then 'name_unknown' else 'not_in_registry' end as link_reason
    from known k
    left join {{ source('ledger', 'dataset') }} d on d.dataset_id = k.dataset_id
    left join {{ source('subjects', 'identifier') }} i on i.scheme = k.lookup_scheme and i.value = k.lookup_value
)
select {{ record_columns() | join(', ') }},
    {{ row_hash(record_columns()) }} as image_hash
from linked
