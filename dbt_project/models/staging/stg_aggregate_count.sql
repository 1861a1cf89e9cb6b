-- Made from include/catalogue/kinds/aggregate_count.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['aggregate_count'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('aggregate_count') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.unit_name,
    r.unit_uscc,
    r.measure,
    r.month,
    {{ given_count('r.numerator') }} as numerator,
    {{ given_count('r.denominator') }} as denominator,
    r.denominator_source,
    {{ given_date('r.denominator_on') }} as denominator_on,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
