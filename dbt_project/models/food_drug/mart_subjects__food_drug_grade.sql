{{ config(materialized='incremental', on_schema_change='fail', incremental_strategy='append',
          meta={'grain': ['subject_id'],
                'takes_out': keys_of('int_food_drug__touched', ['subject_id'])}) }}
-- 食品药品企业信用等级: the first rule of the version in force that the records on file meet. A notice with its basis; an
-- official decides. A fact counts while the business date lies before its day plus the rule's months.
with rules as (
    select * from {{ ref('food_drug_grade') }}
    where valid_from <= {{ business_day() }} and (valid_to is null or valid_to > {{ business_day() }})
), enterprises as (
    select t.subject_id from {{ ref('int_food_drug__touched') }} t
    where exists (select 1 from {{ ref('int_food_drug__fact') }} f where f.subject_id = t.subject_id and f.activity)
), facts as {{ computed_once() }} (
    select f.*
    from enterprises e join {{ ref('int_food_drug__fact') }} f on f.subject_id = e.subject_id
    where {{ weighs('f') }} and (f.state = 'current' or f.event_on > (
        select cast({{ dbt.dateadd('month', '-max(months)', business_day()) }} as date) from rules))
), measured as (
    select
        e.subject_id, r.grade, r.priority, r.rule, r.months, r.minimum, r.clause, r.valid_from,
        sum(case when {{ rests_on('f', 'r', business_day()) }} then 1 else 0 end) as found,
        sum(case when {{ is_adverse('f') }} and {{ within('f', 'r', business_day()) }} then 1 else 0 end) as adverse,
        min(case when {{ is_adverse('f') }} and {{ window_end('f', 'r') }} > {{ business_day() }}
            then {{ window_end('f', 'r') }} end) as window_ends_on
    from enterprises e
    cross join rules r
    left join facts f on f.subject_id = e.subject_id
    group by e.subject_id, r.grade, r.priority, r.rule, r.months, r.minimum, r.clause, r.valid_from
), met as (
    select
        m.*, min(m.window_ends_on) over (partition by m.subject_id) as next_window_on,
        row_number() over (
            partition by m.subject_id
            order by case when m.rule = 'otherwise' or (m.found >= m.minimum and (m.rule <> 'model' or m.adverse = 0))
                then 0 else 1 end,
                m.priority, case when m.rule = 'serious_penalty' then 0 else 1 end, m.rule) as choice
    from measured m
), next_rules as (
    select min(day) as day from (
        select valid_from as day from {{ ref('food_drug_grade') }} union all select valid_to
            from {{ ref('food_drug_grade') }}) changes
    where day > {{ business_day() }}
)
select
    met.subject_id, met.grade, met.rule,
    case met.rule
        when 'model' then concat_ws('', met.months, ' 个月内没有食品药品失信记录，有效的表彰奖励或红名单 ', met.found, ' 条')
        when 'otherwise' then '在案记录不符合严重失信、失信和示范守信的条件'
        else concat_ws('', met.months, ' 个月内', case met.rule when 'serious_penalty' then '严重处罚（吊销、责令关闭、限制从业）'
            when 'serious_list' then '列入或仍在食品药品严重失信主体名单' when 'penalty' then '食品药品行政处罚' else '抽检不合格' end,
            ' ', met.found, ' 条（规则：', met.minimum, ' 条以上）') end as explanation,
    met.months, met.clause, met.valid_from as rule_valid_from,
    least(met.next_window_on, (select day from next_rules)) as next_change_on,
    cast({{ var('build_id') }} as bigint) as build_id
from met
where met.choice = 1
