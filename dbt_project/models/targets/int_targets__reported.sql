-- What responsible units report about a figure, one row per unit, part and month; counts only. Trained staff counted
-- unit by unit, and items listed one by one, take the place of the same unit's sum.
with training as (
    select *, row_number() over (partition by record_id
                                 order by source_version desc, batch_seq desc, row_no desc) as newest
    from {{ ref('stg_training_count') }}
), aggregated as (
    select *, row_number() over (partition by record_id
                                 order by source_version desc, batch_seq desc, row_no desc) as newest
    from {{ ref('stg_aggregate_count') }}
), stated as (
    select 'T04' as figure_id, concat_ws(':', unit_uscc, population) as reporter, unit_uscc, unit_id, record_id, month,
        batch_seq, trained_count as numerator, staff_count as denominator, '单位应训人数' as denominator_source,
        cast(null as date) as denominator_on
    from training where newest = 1
    union all
    select m.figure_id, concat_ws(':', a.unit_uscc, a.measure), a.unit_uscc, a.unit_id, a.record_id, a.month,
        a.batch_seq, a.numerator,
        a.denominator, a.denominator_source, a.denominator_on
    from aggregated a join {{ ref('figure_measure') }} m on m.measure = a.measure
    where a.newest = 1
      and not (m.figure_id = 'T04' and a.unit_uscc in (select unit_uscc from training))
      and not (m.figure_id = 'T01' and a.unit_id in (select unit_id from {{ ref('int_targets__disclosure') }}))
)
select
    s.figure_id, s.reporter, coalesce(u.unit_id, s.unit_id) as unit_id, s.record_id,
    cast({{ dbt.last_day("cast(concat_ws('', s.month, '-01') as date)", 'month') }} as date) as month_end,
    s.numerator, s.denominator, s.denominator_on,
    concat_ws('', teller.name, '填报《', d.title, '》', case when s.denominator_source <> ''
        then concat_ws('', '：', s.denominator_source) end)
        as denominator_source
from stated s
left join {{ source('ledger', 'unit') }} u on u.uscc = s.unit_uscc
left join {{ source('ledger', 'batch') }} b on b.seq = s.batch_seq
left join {{ source('ledger', 'dataset') }} d on d.dataset_id = b.dataset_id
left join {{ source('ledger', 'unit') }} teller on teller.unit_id = b.unit_id
