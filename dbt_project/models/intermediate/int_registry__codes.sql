{{ config(materialized='view') }}
select distinct uscc from {{ ref('int_enterprise_registration__current') }} where uscc <> ''
