-- Items a body has to publish (T01); those the law keeps from publication are none.
select
    cast('' as text) as record_id, cast('' as text) as unit_id, cast(null as date) as due_on,
    cast(null as date) as published_on
where false
