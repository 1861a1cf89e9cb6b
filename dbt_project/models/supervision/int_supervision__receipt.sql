{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['receipt_key']}, pre_hook="{{ take_out_changed_receipts() }}",
          indexes=[{'columns': ['receipt_key'], 'unique': true}, {'columns': ['decision_month']}]) }}
-- depends_on: {{ ref('int_supervision__counter') }}
-- Every delivered decision with what the supervision rates count of it.
select {{ receipt_columns('c') }} from {{ ref('int_supervision__changes') }} c where c.sign = 1
