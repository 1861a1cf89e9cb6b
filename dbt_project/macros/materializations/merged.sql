{#- One MERGE that takes out what a build changes and puts its rows in (Spark, a table format with row-level changes such as
    Iceberg): one commit, seen whole or not at all.

    table, computed     where to, and the computed rows with the same columns
    key                 columns by which a row is one: the grain, or what is merged by
    taken_out           a condition on the rows "kept" of the table that go out; none where nothing does -#}
{% macro merge_and_take_out(table, computed, columns, key, taken_out=none) -%}
merge into {{ table }} as kept
using (
    select {% for name in columns %}{{ name }}, {% endfor %}false as goes_out from {{ computed }}
    {%- if taken_out %}
    union all
    select {% for name in columns %}kept.{{ name }}, {% endfor %}true as goes_out from {{ table }} as kept
    where {{ taken_out }} and not exists (
        select 1 from {{ computed }} as again where {% for name in key %}again.{{ name }} <=> kept.{{ name }}{{ ' and ' if not loop.last }}{% endfor %})
    {%- endif %}
) as told
on {% for name in key %}kept.{{ name }} <=> told.{{ name }}{{ ' and ' if not loop.last }}{% endfor %}
when matched and told.goes_out then delete
when matched then update set {% for name in columns %}kept.{{ name }} = told.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
when not matched and not told.goes_out then insert ({{ columns | join(', ') }})
    values ({% for name in columns %}told.{{ name }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- The rows of a table that go out, as a condition on them: see delete_taken_out, which says the same for PostgreSQL. -#}
{% macro condition_taken_out(keys, of_build, build_id, told_by) -%}
exists (
        select 1 from {{ told_by }} as gone where {{ keys.where }} {%- if not of_build %} and gone.build_id = {{ build_id }}{% endif %}
        {%- for name in keys.key %} and gone.{{ name }} <=> kept.{{ name }}{% endfor %})
{%- endmacro %}
