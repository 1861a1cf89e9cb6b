{#- Where PostgreSQL and Spark differ, and nowhere else (tests/dbt/test_portable.py): what a model means, in the words
    of the database that runs it. Both skip NULL in concat_ws, so text is put together with concat_ws('', …); concat()
    is NULL on Spark as soon as one part is. -#}

{#- Year and month of a day, as 2026-02. -#}
{% macro month_text(day) -%} {{ adapter.dispatch('month_text')(day) }} {%- endmacro %}
{% macro postgres__month_text(day) -%} to_char({{ day }}, 'YYYY-MM') {%- endmacro %}
{% macro spark__month_text(day) -%} date_format({{ day }}, 'yyyy-MM') {%- endmacro %}

{#- A day as 2026-02-25. -#}
{% macro day_text(day) -%} {{ adapter.dispatch('day_text')(day) }} {%- endmacro %}
{% macro postgres__day_text(day) -%} to_char({{ day }}, 'YYYY-MM-DD') {%- endmacro %}
{% macro spark__day_text(day) -%} date_format({{ day }}, 'yyyy-MM-dd') {%- endmacro %}

{#- A decimal without the zeros at its end. -#}
{% macro plain_number(amount) -%} {{ adapter.dispatch('plain_number')(amount) }} {%- endmacro %}
{% macro postgres__plain_number(amount) -%} trim_scale({{ amount }}) {%- endmacro %}
{% macro spark__plain_number(amount) -%}
    trim(trailing '.' from trim(trailing '0' from cast(cast({{ amount }} as decimal(18, 6)) as string)))
{%- endmacro %}

{#- The values of a group as one text, in the order of some columns; values that are NULL are left out. -#}
{% macro joined(value, separator, order_by) -%}
    {{ adapter.dispatch('joined')(value, separator, order_by) }}
{%- endmacro %}
{% macro postgres__joined(value, separator, order_by) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by | join(', ') }})
{%- endmacro %}
{% macro spark__joined(value, separator, order_by) -%}
    nullif(concat_ws('{{ separator }}', transform(
        array_sort(collect_list(struct({{ order_by | join(', ') }}, {{ value }} as value))), each -> each.value)), '')
{%- endmacro %}

{#- One row per part of a text: a cross join, the part is {{ alias }}.{{ column }}. -#}
{% macro cross_join_parts(text, separator, alias, column) -%}
    {{ adapter.dispatch('cross_join_parts')(text, separator, alias, column) }}
{%- endmacro %}
{% macro postgres__cross_join_parts(text, separator, alias, column) -%}
    cross join unnest(string_to_array({{ text }}, '{{ separator }}')) as {{ alias }} ({{ column }})
{%- endmacro %}
{% macro spark__cross_join_parts(text, separator, alias, column) -%}
    lateral view explode(split({{ text }}, '{{ separator }}')) {{ alias }} as {{ column }}
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(first, last) -%} {{ adapter.dispatch('days_between')(first, last) }} {%- endmacro %}
{% macro postgres__days_between(first, last) -%} {{ last }} - {{ first }} {%- endmacro %}
{% macro spark__days_between(first, last) -%} datediff({{ last }}, {{ first }}) {%- endmacro %}

{#- Monday is 1, Sunday 7. -#}
{% macro weekday(day) -%} {{ adapter.dispatch('weekday')(day) }} {%- endmacro %}
{% macro postgres__weekday(day) -%} extract(isodow from {{ day }}) {%- endmacro %}
{% macro spark__weekday(day) -%} extract(dayofweek_iso from {{ day }}) {%- endmacro %}

{#- The date a text holds, NULL where it is none. -#}
{% macro date_if_readable(text) -%} {{ adapter.dispatch('date_if_readable')(text) }} {%- endmacro %}
{% macro postgres__date_if_readable(text) -%}
    case when pg_input_is_valid({{ text }}, 'date') and {{ text }} like '____-__-__' then cast({{ text }} as date) end
{%- endmacro %}
{% macro spark__date_if_readable(text) -%}
    case when {{ text }} like '____-__-__' then try_cast({{ text }} as date) end
{%- endmacro %}

{#- A row, by its table's alias, as JSON. -#}
{% macro row_as_json(alias) -%} {{ adapter.dispatch('row_as_json')(alias) }} {%- endmacro %}
{% macro postgres__row_as_json(alias) -%} to_jsonb({{ alias }}) {%- endmacro %}
{% macro spark__row_as_json(alias) -%} to_json(struct({{ alias }}.*)) {%- endmacro %}

{#- 64 bits over the values of a row, as text: enough to see that one row is not what it was. -#}
{% macro row_hash(columns) -%} {{ adapter.dispatch('row_hash')(columns) }} {%- endmacro %}
{% macro postgres__row_hash(columns) -%}
    cast(hash_record_extended(row({{ columns | join(', ') }}), 0) as text)
{%- endmacro %}
{% macro spark__row_hash(columns) -%} cast(xxhash64({{ columns | join(', ') }}) as string) {%- endmacro %}

{#- "with x as {{ computed_once() }} (…)": computed once and apart, where the planner would otherwise fold it into what
    reads it (casts then stand above filters, and a large table is read twice). -#}
{% macro computed_once() -%} {{ adapter.dispatch('computed_once')() }} {%- endmacro %}
{% macro postgres__computed_once() -%} materialized {%- endmacro %}
{% macro spark__computed_once() -%} {%- endmacro %}

{#- Statistics of a table that was just filled, so that what is built on it is not planned blind. -#}
{% macro take_statistics(relation) -%} {{ adapter.dispatch('take_statistics')(relation) }} {%- endmacro %}
{% macro postgres__take_statistics(relation) -%} analyze {{ relation }} {%- endmacro %}
{% macro spark__take_statistics(relation) -%} analyze table {{ relation }} compute statistics {%- endmacro %}

{#- Who may do what with a relation that was just made: what the policy says (include/catalogue/rights.yml), in the same
    transaction, so that nobody sees it with other rights. A lake has rights of its own. -#}
{% macro settle_rights(relation) -%} {{ adapter.dispatch('settle_rights')(relation) }} {%- endmacro %}
{% macro postgres__settle_rights(relation) -%} select ledger.settle_rights(cast('{{ relation }}' as regclass)) {%- endmacro %}
{% macro spark__settle_rights(relation) -%} select 1 {%- endmacro %}

{#- Joins that tell what the gate kept out of the raw rows r: accepted is "o.row_no is null and u.batch_seq is null".
    An unchanged row (u) is a bit, which a function of the ledger reads. -#}
{% macro kept_out() -%} {{ adapter.dispatch('kept_out')() }} {%- endmacro %}
{% macro postgres__kept_out() -%}
    left join {{ source('ledger', 'row_outcome') }} o
      on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
    left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true
{%- endmacro %}
{% macro spark__kept_out() -%}
    left join {{ source('ledger', 'row_outcome') }} o
      on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
    left join {{ source('ledger', 'unchanged_rows') }} u
      on u.batch_seq = r.batch_seq and u.attempt = r.attempt and u.block = (r.row_no - 1) div 2048
      and substring(u.rows, (r.row_no - 1) % 2048 + 1, 1) = '1'
{%- endmacro %}

{#- The text of a record id and of a content hash, which the raw tables hold in 16 bytes. -#}
{% macro record_id_text(stored) -%} {{ adapter.dispatch('record_id_text')(stored) }} {%- endmacro %}
{% macro postgres__record_id_text(stored) -%} 'r' || left(replace(cast({{ stored }} as text), '-', ''), 31) {%- endmacro %}
{% macro spark__record_id_text(stored) -%} 'r' || left(lower(hex({{ stored }})), 31) {%- endmacro %}
{% macro content_hash_text(stored) -%} {{ adapter.dispatch('content_hash_text')(stored) }} {%- endmacro %}
{% macro postgres__content_hash_text(stored) -%} replace(cast({{ stored }} as text), '-', '') {%- endmacro %}
{% macro spark__content_hash_text(stored) -%} lower(hex({{ stored }})) {%- endmacro %}
