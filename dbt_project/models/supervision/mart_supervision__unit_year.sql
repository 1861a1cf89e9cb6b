{{ config(materialized='table') }}
-- Supervision of a department (district: '') per year: deliveries, 双公示 rates, returned rows, silence. No rate without
-- its denominator.
select
    unit_id, cast(period as integer) as year, batches, rows_in, backlog, generated, received_of_generated, surplus,
    received, accepted, accepted_at_once, due, running, late, overdue, organisations, linked, to_publish, published,
    reporting_rate, timely_rate, late_rate, compliance_rate, first_pass_rate, link_rate, publication_rate, slips,
    returned, corrected, fix_rate, fix_days, silent_weeks, attestations, nothing_yet, not_due, quarantine_open
from {{ ref('int_supervision__period') }}
where grain = 'year'
