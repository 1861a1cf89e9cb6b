{{ config(materialized='table', indexes=[{'columns': ['month_end', 'unit_id']}]) }}
-- Progress of every target and goal at every month end, district and units. No percent without a denominator.
with measured as (
    select
        t.target_id, t.goal_no, cell.month_end, cell.unit_id, t.figure_kind, t.advances, t.goal, t.due_on, t.definition,
        cell.suppressed, cell.denominator_rule, cell.stated_on, told.denominator_source as told_by,
        case when not cell.suppressed and (cell.stated_on is not null or t.figure_kind = '系统计算')
             then cell.numerator end as numerator,  -- nobody has reported: no number, not zero
        case when not cell.suppressed then cell.denominator end as denominator
    from {{ ref('target') }} t
    join {{ ref('int_targets__cell') }} cell on cell.figure_id = t.figure_id
    left join {{ ref('int_targets__denominator_source') }} told
      on told.figure_id = cell.figure_id and told.unit_id = cell.unit_id and told.month_end = cell.month_end
), compared as (
    select *,
        {{ percent('numerator', 'denominator') }} as percent,
        case when advances then {{ pace('month_end', 'due_on', 'goal') }} end as pace,
        100 * numerator >= goal * denominator as reached
    from measured
), judged as (
    select c.*, r.state, row_number() over (
        partition by c.target_id, c.goal_no, c.month_end, c.unit_id order by r.test_order) as first_true
    from compared c
    join {{ ref('target_state_rule') }} r on case r.condition
        when 'suppressed' then c.suppressed
        when 'not_advancing' then not c.advances
        when 'no_denominator' then c.percent is null
        when 'goal_reached' then c.reached
        when 'overdue' then c.due_on < c.month_end
        when 'near' then c.goal - c.percent <= r.threshold
        when 'on_pace' then c.percent >= c.pace
        when 'otherwise' then true
        else false end
)
select
    target_id, goal_no, cast(extract(year from month_end) as integer) as year, month_end, unit_id, figure_kind,
    cast(numerator as bigint) as numerator, cast(denominator as bigint) as denominator,
    case when denominator is null then null
         when denominator_rule like 'registry:%' then '登记库月末存续主体'
         when denominator_rule like 'roster:%' then concat_ws('', '名册：', substr(denominator_rule, 8))
         when denominator_rule = 'items_due' then '应公开事项'
         when denominator_rule like 'fixed:%' then '实施意见列名'
         else told_by end as denominator_source,
    case when denominator is null then null
         when denominator_rule in ('reported', 'staff_count') then stated_on
         else least(month_end, cast('{{ var("business_date") }}' as date)) end as denominator_on,
    percent, goal, cast(goal - percent as numeric(9, 4)) as distance, pace, state, suppressed, due_on, definition
from judged where first_true = 1
