-- Catalogue records that make an archive: of organisations, linked, neither revoked nor replaced. Registrations are none.
select
    cast('' as text) as record_id, cast('' as text) as subject_id, cast('' as text) as topic, cast('' as text) as unit_id,
    cast(null as date) as event_on
where false
