{{ config(meta={'of_build': true}) }}
-- Keys of attempts that a replay in this build took back and that no other attempt holds.
select told.receipt_key
from ({{ receipts_of_build() }}) told
where exists (
    select 1 from {{ source('ledger', 'build_input') }}
    where build_id = {{ var('build_id') }} and operation = 'remove')
  and not exists (select 1 from {{ ref('stg_decision_receipt') }} s where s.receipt_key = told.receipt_key)
