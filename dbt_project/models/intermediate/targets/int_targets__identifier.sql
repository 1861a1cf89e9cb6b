-- Identifier → subject; an ambiguous one leads nowhere.
select cast('' as text) as scheme, cast('' as text) as value, cast('' as text) as subject_id where false
