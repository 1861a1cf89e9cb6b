-- Organisations of the registers with the population they belong to and the days between which they were alive.
select
    cast('' as text) as subject_id, cast('' as text) as population, cast('' as text) as uscc, cast('' as text) as name,
    cast('' as text) as unit_id, cast(null as date) as alive_from, cast(null as date) as alive_to
where false
