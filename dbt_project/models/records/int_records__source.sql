{{ config(materialized='view') }}
-- Every accepted version of the touched records in the one shape of a record, whatever kind it came as.
-- depends_on: {{ ref('int_administrative_penalty__severity') }}
{% for kind in record_kinds() -%}
{{ record_versions(kind) }}
{{ 'union all' if not loop.last }}
{% endfor %}
