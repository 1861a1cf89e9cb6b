{{ config(meta={'of_build': true}, indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- Penalties this build may change as they stand now: the newest version with all that was delivered of it, what an
-- event or a corrected key made of it, and the end of publication the law allows (信用修复管理办法).
select
    s.*, class.penalty_kinds, h.first_accepted_on, h.version_count,
    case when h.revoked_on is not null then 'revoked' when h.replaced_on is not null then 'replaced'
         else 'active' end as state,
    coalesce(h.revocation_known_on, h.replaced_on) as state_known_on,
    h.revoked_on as ended_on, h.revocation_basis as end_basis,
    class.severity_class, class.published as publishable, term.publication_until,
    case when not class.published then 'not_published'
         when term.publication_until < {{ business_day() }} then 'expired'
         else 'published' end as publication_state
from {{ ref('int_records__touched') }} t
join {{ ref('int_records__history') }} h on h.record_id = t.record_id and h.known_to is null
join {{ ref('stg_administrative_penalty') }} s on {{ same_row('s', 'h') }}
{{ join_severity('s') }}
cross join lateral (select {{ publication_end('s', 'class') }} as publication_until) term
where t.kind = 'administrative_penalty'
