-- Made from include/catalogue/kinds/decision_ledger.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['decision_ledger'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('decision_ledger') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.month,
    r.unit_name,
    r.unit_uscc,
    r.decision_table,
    {{ given_count('r.generated_count') }} as generated_count,
    {{ given_count('r.own_site_published_count') }} as own_site_published_count,
    r.unreported_reason
from accepted r
