{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
with ranked as (
    select *, row_number() over (partition by record_id
                                 order by source_version desc, batch_seq desc, row_no desc) as newest
    from {{ ref('stg_decision_ledger') }}
)
select record_id, variant, batch_seq, row_no, source_version, content_hash, month, unit_uscc, unit_name, decision_table,
    generated_count, own_site_published_count, unreported_reason
from ranked where newest = 1
