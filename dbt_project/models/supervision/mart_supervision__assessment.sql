{{ config(materialized='table') }}
-- Yearly target responsibility (M8) of each department by the rule seed: item, figure, points, and the formula written
-- out. An item without a denominator is not assessed: no points and none possible. Departments only, never persons.
with unit_year as (
    select * from {{ ref('mart_supervision__unit_year') }} where unit_id <> ''
), figure as (
    {% for item, numerator, denominator in [
        ('reporting', 'received_of_generated', 'generated'), ('timeliness', 'due - late', 'due'),
        ('compliance', 'accepted', 'received'), ('link', 'linked', 'organisations'), ('correction', 'corrected', 'returned'),
        ('silence', 'silent_weeks', 'cast(null as bigint)')] -%}
    select unit_id, year, '{{ item }}' as item, {{ numerator }} as numerator, {{ denominator }} as denominator
        from unit_year
    {{ 'union all' if not loop.last }}
    {% endfor %}
), measured as (
    select f.unit_id, f.year, r.item, r.sort_order, r.title, r.clause, r.formula_id, r.step, r.points as max_points,
        f.numerator, f.denominator, {{ rate('f.numerator', 'f.denominator') }} as figure
    from figure f join {{ ref('supervision_rule') }} r on r.item = f.item
), awarded as (
    select *, cast(case
        when formula_id = 'deduct' then greatest(0, max_points - step * numerator)
        when figure is not null then least(max_points, round(max_points * numerator / denominator, 2))
        end as numeric(6, 2)) as points
    from measured
)
select
    unit_id, year, item, sort_order, title, points,
    cast(case when points is not null then max_points end as numeric(6, 2)) as max_points,
    cast(numerator as numeric(18, 2)) as numerator, cast(denominator as numeric(18, 2)) as denominator, figure,
    case when points is null then '没有分母，不计分'
         when formula_id = 'deduct'
             then concat_ws('', {{ plain_number('max_points') }}, ' − ', {{ plain_number('step') }}, ' × ', numerator,
                 ' = ', points)
         else concat_ws('', {{ plain_number('max_points') }}, ' × ', numerator, ' ÷ ', denominator, ' = ',
             points) end as formula,
    clause
from awarded
