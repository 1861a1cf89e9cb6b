{{ config(materialized='view') }}
-- How many enterprises the registry holds, by the dataset that told us last and by registration state. On a roster is
-- whom the newest full snapshot lists, and who came otherwise.
select
    c.dataset_id, c.state, count(*) as enterprises, count(*) filter (where not coalesce(r.gone, false)) as on_roster,
    min(c.established_on) as first_established_on, max(c.established_on) as last_established_on,
    max(c.accepted_on) as last_accepted_on
from {{ ref('int_enterprise_registration__current') }} c
left join {{ source('subjects', 'register') }} r on r.record_id = c.record_id
group by c.dataset_id, c.state
