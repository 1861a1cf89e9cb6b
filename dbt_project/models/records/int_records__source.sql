-- Made from include/catalogue/kinds by `public-credit catalogue generate`.
{{ config(materialized='view', meta={'of_build': true}) }}
-- Every accepted version of the touched records in the one shape of a record, whatever kind it came as.
select
    s.record_id, 'abnormal_operation' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '异常' as event_table,
    '' as topic_value,
    '经营异常名录' as title,
    s.reason as detail,
    s.entry_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.entered_on as event_on,
    cast(null as date) as conduct_ended_on,
    cast(null as date) as stated_end_on,
    s.removed_on as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_abnormal_operation') }} s on s.record_id = t.record_id
where t.kind = 'abnormal_operation'
union all
select
    s.record_id, 'administrative_licence' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    case when s.variant = 'person' then 'person' else 'organisation' end as subject_class,
    case when s.variant = 'person' then '' else s.subject_scheme end as lookup_scheme,
    case when s.variant = 'person' then '' else s.subject_value end as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    case when s.variant = 'person' then s.id_no else '' end as person_ref,
    case when s.variant = 'person' then '' else s.subject_name end as subject_name,
    '许可' as event_table,
    '' as topic_value,
    s.decision_title as title,
    case when s.variant = 'person' then s.licence_category
        else s.licence_content end as detail,
    s.decision_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.decision_date as event_on,
    cast(null as date) as conduct_ended_on,
    s.valid_to as stated_end_on,
    case when s.licence_state in ('2') then s.accepted_on end as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_administrative_licence') }} s on s.record_id = t.record_id
where t.kind = 'administrative_licence'
union all
select
    s.record_id, 'administrative_penalty' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    case when s.variant = 'person' then 'person' else 'organisation' end as subject_class,
    case when s.variant = 'person' then '' else s.subject_scheme end as lookup_scheme,
    case when s.variant = 'person' then '' else s.subject_value end as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    case when s.variant = 'person' then s.id_no else '' end as person_ref,
    case when s.variant = 'person' then '' else s.subject_name end as subject_name,
    '处罚' as event_table,
    '' as topic_value,
    case when s.variant = 'person' then s.penalty_category
        else s.violation_type end as title,
    case when s.variant = 'person' then ''
        else concat_ws('；', nullif(s.penalty_category, ''), nullif(s.penalty_content, '')) end as detail,
    s.decision_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.decision_date as event_on,
    cast(null as date) as conduct_ended_on,
    {{ publication_end('s', 'class') }} as stated_end_on,
    cast(null as date) as exited_on,
    class.severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_administrative_penalty') }} s on s.record_id = t.record_id
{{ join_severity('s') }}
where t.kind = 'administrative_penalty'
union all
select
    s.record_id, 'breach_list' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '名单' as event_table,
    '' as topic_value,
    s.list_name as title,
    concat_ws('；', nullif(s.reason, ''), nullif(s.legal_basis, '')) as detail,
    s.entry_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.entered_on as event_on,
    cast(null as date) as conduct_ended_on,
    s.term_to as stated_end_on,
    s.removed_on as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_breach_list') }} s on s.record_id = t.record_id
where t.kind = 'breach_list'
union all
select
    s.record_id, 'commitment' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    case when s.variant = 'person' then 'person' else 'organisation' end as subject_class,
    case when s.variant = 'person' then '' else s.subject_scheme end as lookup_scheme,
    case when s.variant = 'person' then '' else s.subject_value end as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    case when s.variant = 'person' then s.id_no else '' end as person_ref,
    case when s.variant = 'person' then '' else s.subject_name end as subject_name,
    '承诺' as event_table,
    s.fulfilment as topic_value,
    concat_ws('：', nullif(s.commitment_area, ''), nullif(s.commitment_type, '')) as title,
    case when s.variant = 'person' then s.fulfilment
        else concat_ws('；', nullif(s.fulfilment, ''), nullif(s.content, ''), nullif(s.breach_detail, '')) end as detail,
    s.commitment_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.made_on as event_on,
    s.fulfilment_on as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_commitment') }} s on s.record_id = t.record_id
where t.kind = 'commitment'
union all
select
    s.record_id, 'contract_performance' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '履约' as event_table,
    s.performance as topic_value,
    s.contract_name as title,
    concat_ws('；', nullif(s.performance, ''), nullif(s.breach_detail, '')) as detail,
    s.contract_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.evaluated_on as event_on,
    cast(null as date) as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_contract_performance') }} s on s.record_id = t.record_id
where t.kind = 'contract_performance'
union all
select
    s.record_id, 'disclosure_item' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '' as event_table,
    '' as topic_value,
    s.item_title as title,
    s.publication_state as detail,
    s.item_no as document_no,
    s.source_unit_name as authority_name, s.source_unit_uscc as authority_uscc,
    s.due_on as event_on,
    cast(null as date) as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_disclosure_item') }} s on s.record_id = t.record_id
where t.kind = 'disclosure_item'
union all
select
    s.record_id, 'honour' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '荣誉' as event_table,
    s.honour_kind as topic_value,
    s.honour_title as title,
    s.honour_level as detail,
    s.document_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.decided_on as event_on,
    cast(null as date) as conduct_ended_on,
    s.valid_to as stated_end_on,
    s.removed_on as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_honour') }} s on s.record_id = t.record_id
where t.kind = 'honour'
union all
select
    s.record_id, 'inspection_result' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '检查' as event_table,
    s.variant as topic_value,
    case when s.variant = 'sampling' then concat_ws('：', nullif(s.inspection_area, ''), nullif(s.product_name, ''))
        else concat_ws('：', nullif(s.inspection_area, ''), nullif(s.inspection_type, '')) end as title,
    concat_ws('；', nullif(s.result, ''), nullif(s.findings, '')) as detail,
    s.inspection_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.inspected_on as event_on,
    cast(null as date) as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_inspection_result') }} s on s.record_id = t.record_id
where t.kind = 'inspection_result'
union all
select
    s.record_id, 'judgment_debtor' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    case when s.variant = 'person' then 'person' else 'organisation' end as subject_class,
    case when s.variant = 'person' then '' else s.subject_scheme end as lookup_scheme,
    case when s.variant = 'person' then '' else s.subject_value end as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    case when s.variant = 'person' then s.id_no else '' end as person_ref,
    case when s.variant = 'person' then '' else s.subject_name end as subject_name,
    '失信' as event_table,
    '' as topic_value,
    '失信被执行人' as title,
    case when s.variant = 'person' then s.performance
        else concat_ws('；', nullif(s.performance, ''), nullif(s.conduct, ''), nullif(s.obligation, '')) end as detail,
    s.case_no as document_no,
    s.court_name as authority_name, s.authority_uscc as authority_uscc,
    s.published_on as event_on,
    cast(null as date) as conduct_ended_on,
    cast(null as date) as stated_end_on,
    s.removed_on as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_judgment_debtor') }} s on s.record_id = t.record_id
where t.kind = 'judgment_debtor'
union all
select
    s.record_id, 'labour_violation' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '劳动' as event_table,
    '' as topic_value,
    s.violation_type as title,
    concat_ws('；', nullif(s.facts, ''), nullif(s.outcome, '')) as detail,
    s.case_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.decision_date as event_on,
    s.corrected_on as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_labour_violation') }} s on s.record_id = t.record_id
where t.kind = 'labour_violation'
union all
select
    s.record_id, 'practitioner_registration' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'person' as subject_class, '' as lookup_scheme, '' as lookup_value, false as placeholder_code,
    s.id_no as person_ref, '' as subject_name,
    '' as event_table,
    '' as topic_value,
    s.profession as title,
    concat_ws('；', nullif(s.register_name, ''), nullif(s.practice_org_name, ''), nullif(s.state, '')) as detail,
    s.certificate_no as document_no,
    s.source_unit_name as authority_name, s.source_unit_uscc as authority_uscc,
    s.issued_on as event_on,
    cast(null as date) as conduct_ended_on,
    s.valid_to as stated_end_on,
    case when s.state in ('注销', '吊销') then coalesce(s.state_on, s.accepted_on) end as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_practitioner_registration') }} s on s.record_id = t.record_id
where t.kind = 'practitioner_registration'
union all
select
    s.record_id, 'social_insurance_payment' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '' as event_table,
    s.payment_state as topic_value,
    concat_ws('', s.period, ' 单位社会保险缴费') as title,
    s.payment_state as detail,
    '' as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    cast(concat_ws('', s.period, '-01') as date) as event_on,
    s.paid_on as conduct_ended_on,
    cast(null as date) as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_social_insurance_payment') }} s on s.record_id = t.record_id
where t.kind = 'social_insurance_payment'
union all
select
    s.record_id, 'statutory_rating' as kind, s.variant, s.dataset_id, s.unit_id,
    s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on,
    'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value,
    s.subject_scheme in ('name', '')
        and concat_ws('', s.uscc, s.org_code, s.business_reg_no,
            s.tax_reg_no, s.institution_cert_no, s.social_org_cert_no) <> '' as placeholder_code,
    '' as person_ref, s.subject_name,
    '评级' as event_table,
    s.rating_domain as topic_value,
    concat_ws('', s.rating_domain, '（', s.period, '年度）') as title,
    s.grade as detail,
    s.document_no as document_no,
    s.authority_name as authority_name, s.authority_uscc as authority_uscc,
    s.decided_on as event_on,
    cast(null as date) as conduct_ended_on,
    s.valid_to as stated_end_on,
    cast(null as date) as exited_on,
    '' as severity_class
from {{ ref('int_records__touched') }} t
join {{ ref('stg_statutory_rating') }} s on s.record_id = t.record_id
where t.kind = 'statutory_rating'
