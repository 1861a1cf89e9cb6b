-- Supervision of a department, and of the district (''), per month and per year: what was counted, and what was still
-- open at its end.
with counted as (
    select *, substr(month, 1, 4) as year from {{ ref('int_supervision__month') }}
), summed as (
    select
        coalesce(unit_id, '') as unit_id, case when month is null then 'year' else 'month' end as grain,
        coalesce(month, year) as period, cast(concat_ws('', max(month), '-01') as date) as last_month,
        max(business_days) as business_days,
        sum(batches) as batches, sum(rows_in) as rows_in, sum(generated) as generated,
        sum(received_of_generated) as received_of_generated, sum(received) as received, sum(accepted) as accepted,
        sum(accepted_at_once) as accepted_at_once, sum(late) as late, sum(linked) as linked, sum(overdue) as overdue,
        sum(slips) as slips, sum(returned) as returned, sum(corrected) as corrected,
        sum(correction_days) as correction_days, sum(silent_weeks) as silent_weeks, sum(attestations) as attestations
    from counted
    group by grouping sets ((unit_id, month), (month), (unit_id, year), (year))
), ended as (
    select
        *, least(
            case grain when 'year' then {{ dbt.last_day('last_month', 'year') }}
                 else {{ dbt.last_day('last_month', 'month') }} end,
            cast('{{ var("business_date") }}' as date)) as ends_on
    from summed
), still_open as (
    select e.unit_id, e.grain, e.period, count(*) as quarantine_open
    from ended e
    join {{ source('ledger', 'quarantine') }} q
      on e.unit_id in (q.unit_id, '') and q.opened_on <= e.ends_on and (q.closed_on is null or q.closed_on > e.ends_on)
    group by e.unit_id, e.grain, e.period
)
select
    e.unit_id, e.grain, e.period, cast(e.batches as bigint) as batches, cast(e.rows_in as bigint) as rows_in,
    cast(e.generated as bigint) as generated, cast(e.received_of_generated as bigint) as received_of_generated,
    cast(e.received as bigint) as received, cast(e.accepted as bigint) as accepted,
    cast(e.accepted_at_once as bigint) as accepted_at_once, cast(e.late as bigint) as late,
    cast(e.linked as bigint) as linked, cast(e.overdue as bigint) as overdue,
    {{ reporting_rate('e.received_of_generated', 'e.generated') }} as reporting_rate,
    {{ timely_rate('e.late', 'e.received') }} as timely_rate,
    {{ late_rate('e.late', 'e.received') }} as late_rate,
    {{ compliance_rate('e.accepted', 'e.received') }} as compliance_rate,
    {{ compliance_rate('e.accepted_at_once', 'e.received') }} as first_pass_rate,
    {{ link_rate('e.linked', 'e.accepted') }} as link_rate,
    cast(e.slips as bigint) as slips, cast(e.returned as bigint) as returned, cast(e.corrected as bigint) as corrected,
    {{ fix_rate('e.corrected', 'e.returned') }} as fix_rate,
    cast(round(cast(e.correction_days as numeric(18, 4)) / nullif(e.corrected, 0), 2) as numeric(9, 2)) as fix_days,
    cast(e.silent_weeks as bigint) as silent_weeks, cast(e.attestations as bigint) as attestations,
    e.business_days > 0 and e.batches + e.attestations = 0 as nothing_yet,
    coalesce(o.quarantine_open, 0) as quarantine_open
from ended e
left join still_open o on o.unit_id = e.unit_id and o.grain = e.grain and o.period = e.period
