{{ config(materialized='table') }}
-- Supervision of a department (district: '') per year: deliveries, 双公示 rates, returned rows, silence. No rate without
-- its denominator.
select
    unit_id, cast(period as integer) as year, batches, rows_in, generated, received_of_generated, received,
    accepted, accepted_at_once, late, linked, overdue, reporting_rate, timely_rate, late_rate, compliance_rate,
    first_pass_rate, link_rate, slips, returned, corrected, fix_rate, fix_days, silent_weeks, attestations, nothing_yet,
    quarantine_open
from {{ ref('int_supervision__period') }}
where grain = 'year'
