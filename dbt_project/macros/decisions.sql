{#- What this build offers a receiver of an interface's changed records (CTE "changed"), and what it withdraws: records
    that no accepted row holds any more, as they were offered last. -#}
{% macro offered(kind, variant, codes) -%}
select
    cast({{ var('build_id') }} as bigint) as build_id, record_id,
    case when state = 'active' then 'upsert' else 'delete' end as operation_hint,
    md5(concat_ws('|', '{{ variant }}', {{ codes | join(', ') }})) as version,
    case when state = 'active' then change else state end as reason,
    case when state = 'revoked' then state_known_on + {{ var('withdrawn_within_days') }} end as due_on,
    {{ codes | join(', ') }}
from changed
{%- if is_incremental() %}
{%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
union all
select
    cast({{ var('build_id') }} as bigint), gone.record_id, 'delete', last.version, 'withdrawn', cast(null as date)
    {%- for code in codes %}, {{ 'last.' ~ code if code in columns else "''" }}{% endfor %}
from {{ ref('int_' ~ kind ~ '__changes') }} gone
join (
    select offered.*, row_number() over (partition by offered.record_id order by offered.build_id desc) as newest
    from {{ ref('int_' ~ kind ~ '__changes') }} c join {{ this }} offered on offered.record_id = c.record_id
    where c.build_id = {{ var('build_id') }} and c.change = 'delete'
) last on last.record_id = gone.record_id and last.newest = 1
where gone.build_id = {{ var('build_id') }} and gone.change = 'delete'
{%- endif %}
{%- endmacro %}

{% macro as_day(column) -%} coalesce({{ day_text(column) }}, '') {%- endmacro %}
{% macro as_amount(column) -%} coalesce(cast({{ plain_number(column) }} as {{ dbt.type_string() }}), '') {%- endmacro %}

{#- The kinds of a penalty as it was decided: the value in which the template merges 暂扣 and 吊销 (行政处罚法第9条第三项)
    is told apart by the words of the decision; where these name both or neither it stays merged, and is 待认定. -#}
{% macro penalty_kinds(penalty) -%}
    replace({{ penalty }}.penalty_category, '暂扣或者吊销许可证、暂扣或者吊销执照', case
        when {{ penalty }}.penalty_content like '%暂扣%' and {{ penalty }}.penalty_content not like '%吊销%' then '暂扣许可证件'
        when {{ penalty }}.penalty_content like '%吊销%' and {{ penalty }}.penalty_content not like '%暂扣%' then '吊销许可证件'
        else '暂扣或者吊销许可证、暂扣或者吊销执照' end)
{%- endmacro %}

{#- Joins a penalty with the severity class in force on the day of its decision, as "class". -#}
{% macro join_severity(penalty) -%}
join {{ ref('int_administrative_penalty__severity') }} class
  on class.penalty_kinds = {{ penalty_kinds(penalty) }} and {{ penalty }}.decision_date >= class.valid_from
 and ({{ penalty }}.decision_date <= class.valid_to or class.valid_to is null)
{%- endmacro %}

{#- The last day the law lets a penalty be published: as stated, at most the longest term of its severity class. -#}
{% macro publication_end(penalty, class) -%}
    least({{ penalty }}.publication_end, cast({{ dbt.dateadd('month', class ~ '.max_months', penalty ~ '.decision_date') }} as date))
{%- endmacro %}
