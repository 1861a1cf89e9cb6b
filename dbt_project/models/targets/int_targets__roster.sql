-- Bodies on the rosters of the responsible units; one that no register knows still counts, and is never covered.
select
    s.roster_name, s.record_id, s.unit_id, s.uscc, s.subject_name as name, s.listed_on, s.left_on,
    coalesce(i.subject_id, concat_ws('', 'roster:', s.record_id)) as item_key, i.subject_id
from {{ ref('int_sector_roster__current') }} s
left join {{ source('subjects', 'identifier') }} i on i.scheme = s.subject_scheme and i.value = s.subject_value
