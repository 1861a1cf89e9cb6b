-- Made from include/catalogue/kinds/administrative_penalty.yml by `public-credit catalogue generate`: edit there.
{{ config(indexes=[{'columns': ['record_id']}]) }}
with changed as (
    select
        c.record_id, c.change, d.state, d.state_known_on,
        d.subject_name as cf_xdr_mc,
        d.subject_category as cf_xdr_lb,
        d.id_type as cf_xdr_zjlx,
        d.id_no as cf_xdr_zjhm,
        d.decision_no as cf_wsh,
        d.violation_type as cf_wfxw,
        d.violation_facts as cf_sy,
        d.legal_basis as cf_yj,
        d.penalty_category as cf_cflb,
        d.penalty_content as cf_nr,
        {{ as_amount('d.fine_amount_wan') }} as cf_nr_fk,
        {{ as_amount('d.confiscated_amount_wan') }} as cf_nr_wfff,
        d.suspended_or_revoked_licence as cf_nr_zkdx,
        {{ as_day('d.decision_date') }} as cf_jdrq,
        {{ as_day('d.valid_until') }} as cf_yxq,
        {{ as_day('d.publication_until') }} as cf_gsjzq,
        d.authority_name as cf_cfjg,
        d.authority_uscc as cf_cfjgdm,
        d.source_unit_name as cf_sjly,
        d.source_unit_uscc as cf_sjlydm,
        d.remark as bz
    from {{ ref('int_administrative_penalty__changes') }} c
    join {{ ref('int_administrative_penalty__current') }} d on d.record_id = c.record_id
    where c.build_id = {{ var('build_id') }} and d.variant = 'person'
)
{{ offered('administrative_penalty', 'person', [
    'cf_xdr_mc', 'cf_xdr_lb', 'cf_xdr_zjlx', 'cf_xdr_zjhm', 'cf_wsh', 'cf_wfxw', 'cf_sy', 'cf_yj', 'cf_cflb', 'cf_nr',
    'cf_nr_fk', 'cf_nr_wfff', 'cf_nr_zkdx', 'cf_jdrq', 'cf_yxq', 'cf_gsjzq', 'cf_cfjg', 'cf_cfjgdm', 'cf_sjly',
    'cf_sjlydm', 'bz'
]) }}
