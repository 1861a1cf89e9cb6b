{{ config(materialized='table') }}
-- What asks for the person in charge, worst first: who, what, how much, since when, until when. Order and number of
-- lines are the rule seed's; ``place`` counts all lines, ``shown`` marks those of the first card (five at most).
with asked as (
    select * from {{ ref('int_attention__decisions') }}
    union all
    select * from {{ ref('int_attention__receipts') }}
    union all
    select * from {{ ref('int_attention__targets') }}
), ranked as (
    select a.*, r.worst_first, r.at_most, r.title, r.measure, r.remedy, r.clause,
        row_number() over (
            partition by a.rule order by a.amount desc, a.since asc, a.unit_id asc, a.about asc) as place_in_rule
    from asked a join {{ ref('attention_rule') }} r on r.rule = a.rule
), placed as (
    select *, row_number() over (
            order by case when place_in_rule <= at_most then 0 else 1 end, worst_first, place_in_rule) as place,
        place_in_rule <= at_most as of_the_first
    from ranked
)
select
    cast(p.place as integer) as place, p.of_the_first and p.place <= 5 as shown, p.rule, p.title, p.unit_id,
    p.about, case p.about when 'licence' then '行政许可' when 'penalty' then '行政处罚'
        else coalesce(d.title, t.title, p.about) end as about_title,
    cast(p.amount as bigint) as amount, p.measure, p.since, p.deadline, p.deadline_provisional, p.remedy,
    p.clause
from placed p
left join {{ source('ledger', 'dataset') }} d on d.dataset_id = p.about
left join (select figure_id, min(title) as title from {{ ref('target') }} group by figure_id) t on t.figure_id = p.about
