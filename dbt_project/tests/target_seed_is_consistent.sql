-- Each goal once; what the law forbids to advance is exactly T03 and T13–T18; person targets are reported, never
-- computed; the points of the assessment sheet add up to 100.
select concat_ws('/', target_id, goal_no) as what from {{ ref('target') }}
group by target_id, goal_no having count(*) > 1
union all
select target_id from {{ ref('target') }}
where advances = (target_id in ('T03', 'T13', 'T14', 'T15', 'T16', 'T17', 'T18'))
union all
select target_id from {{ ref('target') }} where subject_type = 'person' and (figure_kind <> '部门填报'
    or numerator_rule not in ('reported_numerator', 'trained_count'))
union all
select target_id from {{ ref('target') }} where not advances and denominator_rule <> 'none'
union all
select 'targets' from {{ ref('target') }} having count(distinct target_id) <> 20
union all
select 'milestones' from {{ ref('milestone') }} having count(*) <> 13
union all
select 'points' from {{ ref('supervision_rule') }} having sum(points) <> 100
