-- Every accepted version of every kind, for the gate when it judges again a batch that a build took in.
{% for kind in record_kinds().keys() | list + register_kinds() + ['decision_event', 'decision_ledger', 'training_count',
    'sector_roster', 'aggregate_count'] -%}
select
    '{{ kind }}' as kind, v.record_id, v.batch_seq, v.row_no, v.source_version, v.content_hash
from {{ ref('stg_' ~ kind) }} v
{{ 'union all' if not loop.last }}
{% endfor %}
