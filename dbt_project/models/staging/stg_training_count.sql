-- Made from include/catalogue/kinds/training_count.yml by `public-credit catalogue generate`: edit there.
{{ config(
    meta={'takes_out': inputs_of(['training_count'])},
    indexes=[{'columns': ['record_id']}]) }}
with accepted as {{ computed_once() }} (
    {{ accepted_rows('training_count') }}
)
select
    {{ record_id_text('r.record_id') }} as record_id,
    r.variant, r.batch_seq, r.attempt, r.row_no, r.source_version,
    {{ content_hash_text('r.content_hash') }} as content_hash,
    r.subject_scheme, r.subject_value, r.unit_id, r.dataset_id, r.received_on, r.accepted_on,
    r.unit_name,
    r.unit_uscc,
    r.population,
    r.month,
    {{ given_count('r.staff_count') }} as staff_count,
    {{ given_count('r.trained_count') }} as trained_count,
    r.source_unit_name,
    r.source_unit_uscc,
    r.remark
from accepted r
