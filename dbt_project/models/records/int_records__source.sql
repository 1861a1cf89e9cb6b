{{ config(materialized='view', meta={'of_build': true}) }}
-- Every accepted version of the touched records in the one shape of a record, whatever kind it came as.
{% for kind in record_kinds() -%}
{{ record_versions(kind) }}
{{ 'union all' if not loop.last }}
{% endfor %}
