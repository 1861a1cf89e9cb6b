-- What responsible units report about a figure, one row per unit, part and month; counts only.
select
    cast('' as text) as figure_id, cast('' as text) as reporter, cast('' as text) as unit_id, cast('' as text) as record_id,
    cast(null as date) as month_end, cast(null as integer) as numerator, cast(null as integer) as denominator,
    cast('' as text) as denominator_source, cast(null as date) as denominator_on
where false
