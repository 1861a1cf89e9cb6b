-- Areas in which a credit report or a review was issued, with the first day (T20).
select cast('' as text) as area, cast(null as date) as first_on, cast('' as text) as record_id
where false
