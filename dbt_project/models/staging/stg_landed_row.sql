-- Made from include/catalogue/kinds by `public-credit catalogue generate`.
{{ config(materialized='view') }}
-- Every landed row of every kind, accepted or not, of every attempt: what a build touches, and who is on a roster.
select 'abnormal_operation' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'abnormal_operation') }}
union all
select 'administrative_licence' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'administrative_licence') }}
union all
select 'administrative_penalty' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'administrative_penalty') }}
union all
select 'aggregate_count' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'aggregate_count') }}
union all
select 'breach_list' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'breach_list') }}
union all
select 'commitment' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'commitment') }}
union all
select 'contract_performance' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'contract_performance') }}
union all
select 'decision_event' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'decision_event') }}
union all
select 'decision_ledger' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'decision_ledger') }}
union all
select 'disclosure_item' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'disclosure_item') }}
union all
select 'enterprise_registration' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'enterprise_registration') }}
union all
select 'honour' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'honour') }}
union all
select 'inspection_result' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'inspection_result') }}
union all
select 'judgment_debtor' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'judgment_debtor') }}
union all
select 'labour_violation' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'labour_violation') }}
union all
select 'organisation_registration' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'organisation_registration') }}
union all
select 'practitioner_registration' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'practitioner_registration') }}
union all
select 'sector_roster' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'sector_roster') }}
union all
select 'social_insurance_payment' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'social_insurance_payment') }}
union all
select 'statutory_rating' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'statutory_rating') }}
union all
select 'training_count' as kind, batch_seq, attempt, row_no, {{ record_id_text('record_id') }} as record_id
from {{ source('raw', 'training_count') }}
