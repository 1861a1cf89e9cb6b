{{ config(materialized='table') }}
-- How many enterprises the registry holds, by the dataset that told us last and by registration state.
select
    dataset_id, state, count(*) as enterprises, count(*) filter (where on_roster) as on_roster,
    min(established_on) as first_established_on, max(established_on) as last_established_on,
    max(accepted_on) as last_accepted_on
from {{ ref('int_enterprise_registration__current') }}
group by dataset_id, state
