-- Areas of the plan and the first day a credit report or a review was used there (T20): the document by which it was
-- introduced before this warehouse, or the first report on record.
with numbered as (
    select area, used_on as first_on, id as first_id,
        row_number() over (partition by area order by used_on, id) as place
    from {{ source('ledger', 'report') }} where area <> ''
), used as (
    select area, first_on, first_id from numbered where place = 1
)
select
    p.area, least(p.first_on, u.first_on) as first_on,
    case when p.first_on <= coalesce(u.first_on, p.first_on) then p.evidence
         when u.first_on is not null then concat_ws('', '报告台账 ', u.first_id) end as record_id
from {{ source('ledger', 'report_area') }} p
left join used u on u.area = p.area
