{{ config(materialized='view', meta={'of_build': true}) }}
-- The rows of subjects told anew in the registers: who keeps them, since when the register says it ended, and when that
-- was known first.
with named as {{ computed_once() }} (
    select i.subject_id, i.scheme, i.value
    from {{ ref('int_targets__touched') }} t
    join {{ source('subjects', 'identifier') }} i on i.subject_id = t.subject_id
    where t.told
), rows_now as (
    select n.subject_id, s.record_id, s.unit_id, s.state, s.state_on, s.accepted_on
    from named n
    join {{ ref('int_organisation_registration__current') }} s on s.subject_scheme = n.scheme
        and s.subject_value = n.value
    union all
    select n.subject_id, s.record_id, d.unit_id, s.state, cast(null as date), s.accepted_on
    from named n
    join {{ ref('int_enterprise_registration__current') }} s on s.subject_scheme = n.scheme
        and s.subject_value = n.value
    join {{ source('ledger', 'dataset') }} d on d.dataset_id = s.dataset_id
), before as (
    select r.record_id, max(case when s.state in ('', '存续') then 1 else 0 end) = 1 as was_alive
    from rows_now r join {{ ref('stg_enterprise_registration') }} s on s.record_id = r.record_id
    where r.state not in ('', '存续')
    group by r.record_id
)
select
    r.subject_id, min(r.unit_id) as unit_id,
    max(case when r.state in ('', '存续') then 1 else 0 end) = 1 as alive,
    max(coalesce(r.state_on, case when before.was_alive then r.accepted_on end)) as ended_on
from rows_now r
left join before on before.record_id = r.record_id
group by r.subject_id
