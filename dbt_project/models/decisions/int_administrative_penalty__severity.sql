{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['penalty_kinds', 'valid_from'],
          indexes=[{'columns': ['penalty_kinds', 'valid_from'], 'unique': true}]) }}
-- Every combination of penalty kinds in use with its severity class in each period of the policy: that of the gravest
-- kind known to be grave, 待认定 (undetermined) where a kind has no class on that day and none is serious. A day looks
-- at the touched records for new combinations and judges all known ones by the policy in force.
with combinations as (
    select {{ penalty_kinds('s') }} as penalty_kinds
    from {{ ref('int_records__touched') }} t
    join {{ ref('stg_administrative_penalty') }} s on s.record_id = t.record_id
    where t.kind = 'administrative_penalty'
    {%- if is_incremental() %}
    union
    select penalty_kinds from {{ this }}
    {%- else %}
    group by 1
    {%- endif %}
), starts as (
    select cast('0001-01-01' as date) as valid_from
    union
    select valid_from from {{ ref('severity_class') }}
    union
    select valid_to + 1 from {{ ref('severity_class') }} where valid_to is not null
), periods as (
    select valid_from, lead(valid_from) over (order by valid_from) - 1 as valid_to from starts
), kinds as (
    select c.penalty_kinds, case when kind.name like '其他%' then '其他' else kind.name end as penalty_kind
    from combinations c {{ cross_join_parts('c.penalty_kinds', ';', 'kind', 'name') }}
), judged as (
    select
        kinds.penalty_kinds, periods.valid_from, periods.valid_to, kinds.penalty_kind,
        coalesce(class.severity_class, 'undetermined') as severity_class, coalesce(class.published, true) as published
    from kinds
    cross join periods
    left join {{ ref('severity_class') }} class
      on class.penalty_kind = kinds.penalty_kind and class.valid_from <= periods.valid_from
     and coalesce(class.valid_to >= periods.valid_from, true)
), ranked as (
    select
        judged.penalty_kinds, judged.valid_from, judged.valid_to, judged.severity_class, term.max_months,
        row_number() over (partition by judged.penalty_kinds, judged.valid_from
            order by term.max_months desc, case judged.severity_class when 'undetermined' then 0 else 1 end) as gravest,
        bool_or(judged.published) over (partition by judged.penalty_kinds, judged.valid_from)
            and not bool_or(judged.penalty_kind = '行政拘留')
                over (partition by judged.penalty_kinds, judged.valid_from) as published
    from judged
    join {{ ref('publication_term') }} term on term.severity_class = judged.severity_class
)
select penalty_kinds, valid_from, valid_to, severity_class, max_months, published from ranked where gravest = 1
