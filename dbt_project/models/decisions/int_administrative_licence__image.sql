{{ config(meta={'of_build': true}, indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- Licences this build may change as they stand now: the newest version with all that was delivered of it, and what an
-- event or a corrected key made of it. A licence whose term ran out stands as it was granted.
select
    s.*, h.first_accepted_on, h.version_count,
    case when h.revoked_on is not null then 'revoked' when h.replaced_on is not null then 'replaced'
         else 'active' end as state,
    coalesce(h.revocation_known_on, h.replaced_on) as state_known_on,
    h.revoked_on as ended_on, h.revocation_basis as end_basis
from {{ ref('int_records__touched') }} t
join {{ ref('int_records__history') }} h on h.record_id = t.record_id and h.known_to is null
join {{ ref('stg_administrative_licence') }} s on {{ same_row('s', 'h') }}
where t.kind = 'administrative_licence'
