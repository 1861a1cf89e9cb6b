{{ config(materialized='incremental', incremental_strategy='merge', unique_key='penalty_category',
          indexes=[{'columns': ['penalty_category'], 'unique': true}]) }}
-- Every combination of penalty kinds in use with its gravest severity class (行政处罚法2021第9条；信用修复管理办法); a day
-- looks at the touched records for new combinations and judges all known ones by the policy in force.
with combinations as (
    select s.penalty_category
    from {{ ref('int_records__touched') }} t
    join {{ ref('stg_administrative_penalty') }} s on s.record_id = t.record_id
    where t.kind = 'administrative_penalty'
    {%- if is_incremental() %}
    union
    select penalty_category from {{ this }}
    {%- else %}
    group by s.penalty_category
    {%- endif %}
), kinds as (
    select c.penalty_category, case when kind.name like '其他%' then '其他' else kind.name end as penalty_kind
    from combinations c {{ cross_join_parts('c.penalty_category', ';', 'kind', 'name') }}
), ranked as (
    select
        kinds.penalty_category, class.severity_class, term.max_months,
        row_number() over (partition by kinds.penalty_category order by term.max_months desc) as gravest,
        bool_or(class.published) over (partition by kinds.penalty_category)
            and not bool_or(kinds.penalty_kind = '行政拘留') over (partition by kinds.penalty_category) as published
    from kinds
    join {{ ref('severity_class') }} class on class.penalty_kind = kinds.penalty_kind
    join {{ ref('publication_term') }} term on term.severity_class = class.severity_class
)
select penalty_category, severity_class, max_months, published from ranked where gravest = 1
