{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['receipt_key'],
                'takes_out': keys_of('int_supervision__changes', ['receipt_key'])},
          indexes=[{'columns': ['receipt_key'], 'unique': true}, {'columns': ['decision_month']},
                   {'columns': ['running']}, {'columns': ['record_id']}]) }}
{%- do ref('int_supervision__counter') %} {#- only then: the changes it adds up are computed from this table -#}
-- Every delivered decision with what the supervision rates count of it.
select {{ receipt_columns('c') }} from {{ ref('int_supervision__changes') }} c where c.sign = 1
