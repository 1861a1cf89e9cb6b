{{ config(meta={'of_build': true}) }}
-- What is shown of the touched subjects: the register's entry, how many records there are of what, the lists they are
-- on, the newest rating of every domain, the grade.
with counted as (
    select
        t.subject_id,
        sum(c.records) as records,
        sum(case when c.nature = '基础信息' then c.records end) as basic_records,
        sum(case when c.nature = '失信信息' then c.records end) as adverse_records,
        sum(case when c.nature = '守信信息' then c.records end) as positive_records,
        sum(case when c.nature = '其他信息' then c.records end) as other_records,
        sum(case when c.kind = 'administrative_licence' then c.records end) as licences,
        sum(case when c.kind = 'administrative_penalty' then c.records end) as penalties,
        sum(case when c.kind = 'administrative_penalty' then c.serious_records end) as serious_penalties,
        sum(case when c.kind = 'statutory_rating' then c.records end) as ratings,
        sum(case when c.kind = 'inspection_result' then c.records end) as inspections,
        sum(case when c.kind = 'honour' then c.records end) as honours,
        sum(case when c.kind = 'breach_list' then c.records end) as breach_entries,
        sum(case when c.kind = 'abnormal_operation' then c.records end) as abnormal_entries,
        sum(case when c.kind = 'judgment_debtor' then c.records end) as debtor_entries,
        sum(case when c.kind = 'contract_performance' then c.records end) as contracts,
        sum(case when c.kind = 'social_insurance_payment' then c.records end) as insurance_payments,
        sum(case when c.kind = 'labour_violation' then c.records end) as labour_violations,
        sum(case when c.kind = 'disclosure_item' then c.records end) as disclosures,
        sum(case when c.kind = 'commitment' then c.records end) as commitments,
        sum(case when c.kind in ('breach_list', 'abnormal_operation', 'judgment_debtor')
            then c.open_records end) as open_list_entries,
        max(case when c.records > 0 then c.last_event_on end) as last_event_on
    from {{ ref('int_subjects__touched') }} t
    left join {{ ref('int_subjects__counter') }} c on c.subject_id = t.subject_id
    group by t.subject_id
), entries as (
    select
        e.subject_id, e.entered_on, e.record_id,
        concat_ws('', e.list_name, '（', e.entered_on, ' 列入',
            case when e.term_to is not null then '，至 ' end, e.term_to, '）') as entry
    from {{ ref('int_subjects__touched') }} t
    join {{ ref('mart_lists__entry') }} e on e.subject_id = t.subject_id
    where e.state = '在列' and e.list_kind <> '红名单'
), listed as (
    select subject_id, {{ joined('entry', '；', ['entered_on', 'record_id']) }} as on_lists
    from entries
    group by subject_id
), ratings as (
    select
        r.subject_id, r.domain, concat_ws('', r.domain, ' ', r.grade, '（', r.period, ' 年度）') as rating,
        row_number() over (
            partition by r.subject_id, r.domain order by r.period desc, r.event_on desc, r.record_id desc) as newest
    from {{ ref('int_subjects__touched') }} t
    join {{ ref('int_subjects__rating') }} r on r.subject_id = t.subject_id
    where r.state = 'current'
), rated as (
    select subject_id, {{ joined('rating', '；', ['domain']) }} as latest_ratings
    from ratings
    where newest = 1
    group by subject_id
)
select
    s.subject_class, s.subject_id, s.uscc, s.name, s.org_type, s.state, s.gone as left_register, s.established_on,
    s.address, s.legal_rep_name,
    {%- for name in ['records', 'basic_records', 'adverse_records', 'positive_records', 'other_records', 'licences',
                     'penalties', 'serious_penalties', 'ratings', 'inspections', 'honours', 'breach_entries',
                     'abnormal_entries', 'debtor_entries', 'contracts', 'insurance_payments', 'labour_violations',
                     'disclosures', 'commitments', 'open_list_entries'] %}
    cast(coalesce(counted.{{ name }}, 0) as integer) as {{ name }},
    {%- endfor %}
    counted.last_event_on, coalesce(listed.on_lists, '') as on_lists,
    coalesce(rated.latest_ratings, '') as latest_ratings, grade.subject_id is not null as food_drug,
    coalesce(grade.grade, '') as food_drug_grade
from counted
join {{ source('subjects', 'subject') }} s on s.subject_id = counted.subject_id
left join listed on listed.subject_id = counted.subject_id
left join rated on rated.subject_id = counted.subject_id
left join {{ ref('mart_subjects__food_drug_grade') }} grade on grade.subject_id = counted.subject_id
