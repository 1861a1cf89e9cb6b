{{ config(materialized='table') }}
-- 双公示 supervision per year: unit ('' = district) and table ('' = both). Rates of sums, so a whole is the
-- record-weighted mean of its parts (Qinghai's arithmetic). 报送率 counts the months and tables only whose number of
-- decisions is known.
with parts as (
    select unit_id, decision_table, cast(substr(decision_month, 1, 4) as integer) as year, generated,
        case when generated is not null then received else 0 end as received_of_generated,
        received, accepted, accepted_at_once, late, linked, published
    from {{ ref('mart_supervision__monthly') }}
), every_view as (
    select unit_id, decision_table, year, generated, received_of_generated, received, accepted, accepted_at_once, late,
        linked, published
    from parts
    union all select unit_id, '', year, generated, received_of_generated, received, accepted, accepted_at_once, late,
        linked, published
    from parts
    union all select '', decision_table, year, generated, received_of_generated, received, accepted, accepted_at_once,
        late, linked, published
    from parts
    union all select '', '', year, generated, received_of_generated, received, accepted, accepted_at_once, late, linked,
        published
    from parts
), summed as (
    select unit_id, decision_table, year, sum(generated) as generated,
        sum(received_of_generated) as received_of_generated,
        sum(received) as received, sum(accepted) as accepted, sum(accepted_at_once) as accepted_at_once,
        sum(late) as late,
        sum(linked) as linked, sum(published) as published
    from every_view group by unit_id, decision_table, year
)
select
    unit_id, year, decision_table, cast(generated as bigint) as generated,
    cast(received_of_generated as bigint) as received_of_generated, cast(received as bigint) as received,
    cast(accepted as bigint) as accepted, cast(accepted_at_once as bigint) as accepted_at_once,
    cast(late as bigint) as late,
    cast(linked as bigint) as linked, cast(published as bigint) as published,
    {{ reporting_rate('received_of_generated', 'generated') }} as reporting_rate,
    {{ late_rate('late', 'received') }} as late_rate,
    {{ timely_rate('late', 'received') }} as timely_rate,
    {{ compliance_rate('accepted', 'received') }} as compliance_rate,
    {{ compliance_rate('accepted_at_once', 'received') }} as first_pass_rate,
    {{ link_rate('linked', 'accepted') }} as link_rate,
    {{ publication_rate('published', 'accepted') }} as publication_rate
from summed
