-- A deadline cannot be computed for a decision the working-day calendar does not cover (2015 on). Looks at this build's
-- rows.
select d.record_id, d.decision_date
from {{ ref('mart_shuanggongshi__penalty') }} d
where d.build_id = {{ var('build_id') }} and d.deadline is null and d.decision_date >= cast('2015-01-01' as date)
union all
select d.record_id, d.decision_date
from {{ ref('mart_shuanggongshi__licence') }} d
where d.build_id = {{ var('build_id') }} and d.deadline is null and d.decision_date >= cast('2015-01-01' as date)
