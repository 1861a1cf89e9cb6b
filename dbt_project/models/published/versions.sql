-- Every accepted version of every kind, for the gate when it judges again a batch that a build took in.
{% for kind in all_kinds() -%}
select
    '{{ kind }}' as kind, v.record_id, v.batch_seq, v.row_no, v.source_version, v.content_hash
from {{ ref('stg_' ~ kind) }} v
{{ 'union all' if not loop.last }}
{% endfor %}
