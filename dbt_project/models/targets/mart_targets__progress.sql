{{ config(materialized='table', indexes=[{'columns': ['month_end', 'unit_id']}]) }}
-- Progress of every target and goal at every month end, district and units. No percent without a denominator; targets
-- about persons have their numbers and neither state, distance nor pace.
with contributing as (
    select t.figure_id, count(distinct t.unit_id) as units
    from {{ source('ledger', 'target_unit') }} t group by t.figure_id
), told_by_units as (
    select c.figure_id, c.month_end, count(*) as units
    from {{ ref('int_targets__cell') }} c
    join {{ source('ledger', 'target_unit') }} t on t.figure_id = c.figure_id and t.unit_id = c.unit_id
    where c.denominator > 0
    group by c.figure_id, c.month_end
), measured as (
    select
        t.target_id, t.goal_no, cell.month_end, cell.unit_id, t.figure_kind, t.advances,
        t.subject_type = 'person' as of_persons, t.goal, t.due_on, t.definition,
        cell.suppressed, cell.denominator_rule, cell.stated_on, told.denominator_source as told_by,
        roster.in_force_on, case when cell.month_end >= roster.held_on then roster.held_on end as held_on,
        case when cell.unit_id = '' and t.denominator_rule = 'items_due' and coalesce(u.units, 0) < c.units
             then concat_ws('', c.units, ' 个单位中 ', coalesce(u.units, 0), ' 个有数') end as units_told,
        case when not cell.suppressed and (cell.stated_on is not null or t.figure_kind = '系统计算')
             then cell.numerator end as numerator,  -- nobody has reported: no number, not zero
        case when not cell.suppressed then cell.denominator end as denominator
    from {{ ref('target') }} t
    join {{ ref('int_targets__cell') }} cell on cell.figure_id = t.figure_id
    left join {{ ref('int_targets__denominator_source') }} told
      on told.figure_id = cell.figure_id and told.unit_id = cell.unit_id and told.month_end = cell.month_end
    left join {{ ref('int_targets__roster_in_force') }} roster on roster.figure_id = cell.figure_id
    left join contributing c on c.figure_id = cell.figure_id
    left join told_by_units u on u.figure_id = cell.figure_id and u.month_end = cell.month_end
), compared as (
    select *,
        {{ percent('numerator', 'denominator') }} as percent,
        case when advances and not of_persons then {{ pace('month_end', 'due_on', 'goal') }} end as pace,
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
        when 'persons' then c.of_persons
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
    case when denominator is null then null else nullif(concat_ws('',
        case when denominator_rule like 'registry:%' then '登记库月末存续主体'
             when denominator_rule like 'roster:%' then concat_ws('', '名册：', substr(denominator_rule, 8))
             when denominator_rule = 'items_due' then concat_ws('', '应公开事项',
             case when units_told is not null then concat_ws('', '（', units_told, '）') end)
             when denominator_rule like 'fixed:%' then '实施意见列名'
             else told_by end,
        case when held_on is not null then concat_ws('', '（', {{ day_text('held_on') }}, ' 的较新名册被扣留，未采用）') end), '')
        end as denominator_source,
    case when denominator is null then null
         when denominator_rule in ('reported', 'staff_count') then stated_on
         else least(month_end, in_force_on, cast('{{ var("business_date") }}' as date)) end as denominator_on,
    case when denominator is not null then nullif(concat_ws('；', units_told,
        case when held_on is not null then concat_ws('', {{ day_text('held_on') }}, ' 的较新名册被扣留，仍按旧名册计') end,
        case when denominator_rule in ('reported', 'staff_count') and {{ days_between('stated_on', 'month_end') }} > 366
             then concat_ws('', '填报数是 ', {{ day_text('stated_on') }}, ' 的，已超过一年') end), '') end as quality_note,
    percent, goal, cast(case when not of_persons then goal - percent end as numeric(9, 4)) as distance, pace, state,
    suppressed, due_on, definition
from judged where first_true = 1
