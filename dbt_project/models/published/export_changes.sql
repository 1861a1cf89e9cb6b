-- What each build offers a receiver, all interfaces alike; payload holds the official codes in lower case, as exported.
{% set interfaces = [('city', 'xk_fr'), ('city', 'xk_zrr'), ('city', 'cf_fr'), ('city', 'cf_zrr')] %}
{% for receiver, interface in interfaces -%}
select
    '{{ receiver }}' as receiver, '{{ interface }}' as interface, e.build_id, e.record_id, e.operation_hint, e.reason,
    e.due_on, {{ row_as_json('e') }} as payload
from {{ ref('exp_' ~ receiver ~ '__' ~ interface) }} e
{{ 'union all' if not loop.last }}
{% endfor %}
