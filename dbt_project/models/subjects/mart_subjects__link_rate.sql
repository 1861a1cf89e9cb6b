{{ config(materialized='view') }}
-- 关联率: organisations' records linked to a subject, of those accepted, per department and kind; no rate without
-- denominator.
select unit_id, kind, accepted, linked, {{ rate('linked', 'accepted') }} as link_rate
from {{ ref('int_subjects__link_counter') }}
where accepted > 0
