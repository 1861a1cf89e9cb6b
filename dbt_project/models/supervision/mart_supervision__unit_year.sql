{{ config(materialized='table') }}
-- Supervision of a department (district: '') per year: deliveries, 双公示 rates, returned rows, silence. No rate without
-- its denominator.
{{ unit_supervision('year') }}
