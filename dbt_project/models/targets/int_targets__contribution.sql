{{ config(materialized='view') }}
-- What every item adds to a figure's numerator and denominator, and between which days: the one way all figures are
-- counted. valid_to is the first day it counts no more. missing = 1: the item has no denominator, so the figure has
-- none.
select figure_id, item_key, unit_id, cast(null as {{ dbt.type_string() }}) as record_id, alive_from as valid_from,
    alive_to as valid_to, 0 as numerator, 1 as denominator, 0 as missing
from {{ ref('int_targets__member') }}
union all
select figure_id, item_key, unit_id, record_id, covered_from, alive_to, 1, 0, 0
from {{ ref('int_targets__member') }} where covered_from is not null
union all
select 'T01', record_id as item_key, unit_id, record_id, due_on, cast(null as date), 0, 1, 0
from {{ ref('int_targets__disclosure') }}
union all
select 'T01', record_id as item_key, unit_id, record_id, greatest(published_on, due_on), cast(null as date), 1, 0, 0
from {{ ref('int_targets__disclosure') }} where published_on is not null
union all
select
    r.figure_id, r.reporter, r.unit_id, r.record_id, r.month_end,
    cast(lead(r.month_end) over (partition by r.figure_id, r.reporter order by r.month_end) as date),
    r.numerator, case when rule.kept then coalesce(r.denominator, 0) else 0 end,
    case when rule.kept and r.denominator is not null then 0 else 1 end
from {{ ref('int_targets__reported') }} r
join (select figure_id, min(denominator_rule) <> 'none' as kept from {{ ref('target') }} group by figure_id) rule
  on rule.figure_id = r.figure_id
union all
select 'T19', department, unit_id, cast(null as {{ dbt.type_string() }}), cast('2016-11-09' as date),
    cast(null as date), 0, 1, 0
from {{ ref('int_targets__connected') }}
union all
select 'T19', department, unit_id, first_batch, connected_on, cast(null as date), 1, 0, 0
from {{ ref('int_targets__connected') }} where connected_on is not null
union all
select 'T20', area, '', cast(null as {{ dbt.type_string() }}), cast('2016-11-09' as date), cast(null as date), 0, 1, 0
from {{ ref('int_targets__report_area') }}
union all
select 'T20', area, '', record_id, first_on, cast(null as date), 1, 0, 0
from {{ ref('int_targets__report_area') }} where first_on is not null
