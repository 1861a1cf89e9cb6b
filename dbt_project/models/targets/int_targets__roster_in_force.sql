{{ config(materialized='view') }}
-- Per coverage figure: the day of the roster its denominator rests on (of several rosters the oldest that is in force),
-- and the day of a newer one that is held.
with counted as (
    select distinct f.figure_id, m.unit_id,
        case when f.denominator_rule = 'registry:enterprise' then 'enterprise_registration'
             when f.denominator_rule like 'registry:%' then 'organisation_registration' else 'sector_roster' end as kind
    from {{ ref('target') }} f
    join {{ ref('int_targets__member') }} m on m.figure_id = f.figure_id
), roster as (
    select dataset_id, unit_id, kind,
        max(case when state in ('accepted', 'accepted_with_quarantine') then business_date end) as in_force_on,
        max(case when state = 'held' then business_date end) as held_on
    from {{ source('ledger', 'batch') }}
    where kind in ('enterprise_registration', 'organisation_registration', 'sector_roster')
    group by dataset_id, unit_id, kind
)
select c.figure_id, min(r.in_force_on) as in_force_on,
    max(case when r.held_on > r.in_force_on then r.held_on end) as held_on
from counted c
join roster r on r.unit_id = c.unit_id and r.kind = c.kind
where r.in_force_on is not null
group by c.figure_id
