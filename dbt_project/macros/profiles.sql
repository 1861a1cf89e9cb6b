{#- What profiles, lists and grades share. Records are counted while they stand: not revoked, not replaced by a
    correction. -#}

{% macro stands(state) -%} {{ state }} not in ('revoked', 'replaced') {%- endmacro %}

{#- The current records a model takes in: those of this build, or all of them on a full refresh. -#}
{% macro changed_records(c) -%}
    {%- if is_incremental() %}{{ c }}.build_id = {{ var('build_id') }}{%- else %}true{%- endif -%}
{%- endmacro %}

{#- The staged row a current record was made of. -#}
{% macro same_row(s, c) -%}
    {{ s }}.record_id = {{ c }}.record_id and {{ s }}.batch_seq = {{ c }}.batch_seq and {{ s }}.attempt = {{ c }}.attempt and {{ s }}.row_no = {{ c }}.row_no
{%- endmacro %}

{#- Both images of the records this build changed as rows with a sign; a full refresh takes every current image once.
    The caller skips keys that were written by this build already, so a resumed build adds nothing twice. -#}
{% macro signed_images(columns) %}
    {%- set changes = ref('int_records__changes') -%}
    {%- if is_incremental() %}
    {%- for side, sign in (('old', -1), ('new', 1)) %}
    select c.kind, {{ sign }} as sign, {% for name in columns %}c.{{ side }}_{{ name }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ changes }} c
    where c.build_id = {{ var('build_id') }} and c.subject_class = 'organisation' and c.{{ side }}_image_hash is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- else %}
    select c.kind, 1 as sign, {% for name in columns %}c.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ ref('int_records__current') }} c where c.subject_class = 'organisation'
    {%- endif %}
{% endmacro %}

{#- Columns of a subject's profile made of its counters: column, kinds (empty = any), measure, further condition. -#}
{% macro profile_counts() -%}
    {%- do return([
        ('records', [], 'records', ''),
        ('basic_records', [], 'records', "nature = '基础信息'"), ('adverse_records', [], 'records', "nature = '失信信息'"),
        ('positive_records', [], 'records', "nature = '守信信息'"), ('other_records', [], 'records', "nature = '其他信息'"),
        ('licences', ['administrative_licence'], 'records', ''), ('penalties', ['administrative_penalty'], 'records', ''),
        ('serious_penalties', ['administrative_penalty'], 'serious_records', ''),
        ('ratings', ['statutory_rating'], 'records', ''), ('inspections', ['inspection_result'], 'records', ''),
        ('honours', ['honour'], 'records', ''), ('breach_entries', ['breach_list'], 'records', ''),
        ('abnormal_entries', ['abnormal_operation'], 'records', ''), ('debtor_entries', ['judgment_debtor'], 'records', ''),
        ('contracts', ['contract_performance'], 'records', ''),
        ('insurance_payments', ['social_insurance_payment'], 'records', ''),
        ('labour_violations', ['labour_violation'], 'records', ''), ('disclosures', ['disclosure_item'], 'records', ''),
        ('commitments', ['commitment'], 'records', ''),
        ('open_list_entries', ['breach_list', 'abnormal_operation', 'judgment_debtor'], 'open_records', '')]) -%}
{%- endmacro %}

{#- One profile per subject of a class; a day rewrites the subjects whose counters, attributes or grade it changed. -#}
{% macro subject_profiles(subject_class) %}
{%- set regraded = ref('int_food_drug__touched') -%}
with touched as {{ computed_once() }} (
    {%- if is_incremental() %}
    select subject_id from {{ ref('int_subjects__counter') }} where build_id = {{ var('build_id') }}
    union select subject_id from {{ source('subjects', 'subject') }} where build_id = {{ var('build_id') }}
    union select subject_id from {{ regraded }}
    {%- else %}
    select subject_id from {{ source('subjects', 'subject') }}
    {%- endif %}
), counted as (
    select
        t.subject_id
        {%- for name, kinds, measure, condition in profile_counts() %},
        cast(coalesce(sum(case when true{% if kinds %} and c.kind in ('{{ kinds | join("', '") }}'){% endif %}
            {%- if condition %} and c.{{ condition }}{% endif %} then c.{{ measure }} end), 0) as integer) as {{ name }}
        {%- endfor %},
        max(case when c.records > 0 then c.last_event_on end) as last_event_on
    from touched t
    left join {{ ref('int_subjects__counter') }} c on c.subject_id = t.subject_id
    group by t.subject_id
), listed as (
    select subject_id, {{ joined('entry', '；', ['entered_on', 'record_id']) }} as on_lists
    from (
        select t.subject_id, e.entered_on, e.record_id, concat_ws('', e.list_name, '（', e.entered_on, ' 列入',
            case when e.term_to is not null then '，至 ' end, e.term_to, '）') as entry
        from touched t join {{ ref('mart_lists__entry') }} e on e.subject_id = t.subject_id
        where e.state = '在列' and e.list_kind <> '红名单') on_a_list
    group by subject_id
), rated as (
    select subject_id, {{ joined('rating', '；', ['domain']) }} as latest_ratings
    from (
        select t.subject_id, r.domain, concat_ws('', r.domain, ' ', r.grade, '（', r.period, ' 年度）') as rating,
            row_number() over (partition by t.subject_id, r.domain order by r.period desc, r.event_on desc, r.record_id desc) as newest
        from touched t join {{ ref('int_subjects__rating') }} r on r.subject_id = t.subject_id
        where r.state = 'current') newest_first
    where newest = 1
    group by subject_id
)
select
    s.subject_id, s.uscc, s.name, s.org_type, s.state, s.gone as left_register, s.established_on, s.address, s.legal_rep_name,
    {% for name, _, _, _ in profile_counts() %}counted.{{ name }}, {% endfor %}
    counted.last_event_on, coalesce(listed.on_lists, '') as on_lists, coalesce(rated.latest_ratings, '') as latest_ratings,
    grade.subject_id is not null as food_drug, coalesce(grade.grade, '') as food_drug_grade,
    cast({{ var('build_id') }} as bigint) as build_id
from touched t
join {{ source('subjects', 'subject') }} s on s.subject_id = t.subject_id and s.subject_class = '{{ subject_class }}'
join counted on counted.subject_id = t.subject_id
left join listed on listed.subject_id = t.subject_id
left join rated on rated.subject_id = t.subject_id
left join {{ ref('mart_subjects__food_drug_grade') }} grade on grade.subject_id = t.subject_id
{% endmacro %}
