{{ config(materialized='table') }}
-- 双公示 by month of decision since the first day of service, licences and penalties apart, for each unit and, added up,
-- the district (''): decided, shown on the unit's own site, delivered, not delivered and why, let in, published by the
-- city. A unit states its reason; the district has none.
select
    coalesce(unit_id, '') as unit_id, decision_table, decision_month,
    cast(sum(generated) as bigint) as generated, cast(sum(own_site_published_count) as bigint) as own_site_published,
    cast(sum(received) as bigint) as received, cast(sum(unreported) as bigint) as unreported,
    case when unit_id is null then '' else coalesce(max(unreported_reason), '') end as unreported_reason,
    cast(sum(accepted) as bigint) as accepted, cast(sum(published) as bigint) as published
from {{ ref('mart_supervision__monthly') }}
where received + coalesce(generated, 0) > 0
group by grouping sets ((unit_id, decision_table, decision_month), (decision_table, decision_month))
