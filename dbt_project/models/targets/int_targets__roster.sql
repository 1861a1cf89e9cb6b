-- Bodies on the rosters of the responsible units; one that no register knows still counts, and is never covered.
with lookup as (
    select s.*, {{ looked_up() }}
    from {{ ref('int_sector_roster__current') }} s
)
select
    l.roster_name, l.record_id, l.unit_id, l.uscc, l.subject_name as name, l.listed_on, l.left_on,
    coalesce(i.subject_id, concat_ws('', 'roster:', l.record_id)) as item_key, i.subject_id
from lookup l
left join {{ source('subjects', 'identifier') }} i on i.scheme = l.scheme and i.value = l.value
