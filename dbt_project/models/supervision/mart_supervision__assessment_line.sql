{{ config(materialized='view') }}
-- The lines an assessment rests on, down to the record: per item, what counted adds up to of what. A department can
-- check each. The year of the business date and the one before: what is still being assessed. A view: nobody reads all
-- of it every day.
with line as (
select r.unit_id, cast(substr(r.decision_month, 1, 4) as integer) as year, item.item, r.receipt_key as line_key,
    r.record_id,
    cast(null as bigint) as batch_seq, cast(null as integer) as row_no, r.decision_date as event_on,
    cast(case item.item when 'timeliness' then 1 - r.late when 'compliance' then r.accepted when 'link'
        then r.linked end
         as numeric(12, 2)) as counted,
    cast(1 as numeric(12, 2)) as out_of,
    case item.item
        when 'timeliness' then case when r.late = 0 then ''
            when r.accepted = 0 then concat_ws('', '期限 ', r.deadline, '，至今未放行')
            else concat_ws('', '期限 ', r.deadline, '，首次放行 ', r.first_accepted_on) end
        when 'compliance' then case when r.accepted = 0 then '至今未放行' else '' end
        else case when r.linked = 0 then '未关联到登记主体' else '' end end as note
from {{ ref('int_supervision__receipt') }} r
join {{ ref('supervision_rule') }} item on item.item = 'compliance'
  or (item.item = 'timeliness' and r.due = 1) or (item.item = 'link' and r.organisations = 1)
where r.received = 1 and r.decision_month >= '{{ var("business_date")[:4] | int - 1 }}-01'
union all
select m.unit_id, cast(substr(m.decision_month, 1, 4) as integer), 'reporting',
    concat_ws(':', m.decision_table, m.decision_month),
    cast(null as {{ dbt.type_string() }}), cast(null as bigint), cast(null as integer),
    cast(concat_ws('', m.decision_month, '-01') as date),
    cast(m.received_of_generated as numeric(12, 2)), cast(m.generated as numeric(12, 2)),
    case when m.surplus > 0 then concat_ws('', '台账少报 ', m.surplus, ' 条')
         when m.unreported > 0 then concat_ws('', '少报 ', m.unreported, ' 条', case when m.unreported_reason <> ''
         then concat_ws('', '，说明：', m.unreported_reason) else '' end) else '' end
from {{ ref('mart_supervision__monthly') }} m where m.generated is not null
union all
select q.unit_id, cast(extract(year from q.opened_on) as integer), 'correction',
    cast(q.id as {{ dbt.type_string() }}), q.record_id, q.batch_seq, q.row_no,
    q.opened_on, cast(q.corrected as numeric(12, 2)), cast(1 as numeric(12, 2)),
    case when q.corrected = 0 then concat_ws('', '规则 ', q.rules) else concat_ws('', '更正于 ', q.closed_on) end
from {{ ref('int_supervision__returned') }} q
union all
select w.unit_id, cast(extract(year from w.week_end) as integer), 'silence', concat_ws(':', w.dataset_id, w.week_end),
    cast(null as {{ dbt.type_string() }}), cast(null as bigint), cast(null as integer),
    w.week_end, cast(1 as numeric(12, 2)), cast(null as numeric(12, 2)),
    concat_ws('', w.dataset_id, ' 已 ', w.days_silent, ' 天未报，应每 ', w.cadence_days, ' 天一报')
from {{ ref('mart_supervision__silent_week') }} w
)
select * from line where year >= cast(extract(year from {{ business_day() }}) as integer) - 1
