-- Made from include/catalogue/kinds/administrative_licence.yml by `public-credit catalogue generate`: edit there.
{{ config(indexes=[{'columns': ['record_id']}]) }}
with changed as (
    select
        c.record_id, c.change, d.state, d.state_known_on,
        d.subject_name as xk_xdr_mc,
        d.subject_category as xk_xdr_lb,
        d.id_type as xk_xdr_zjlx,
        d.id_no as xk_xdr_zjhm,
        d.decision_title as xk_xkws,
        d.decision_no as xk_wsh,
        d.licence_category as xk_xklb,
        d.certificate_name as xk_xkzs,
        d.licence_no as xk_xkbh,
        d.licence_content as xk_nr,
        {{ as_day('d.decision_date') }} as xk_jdrq,
        {{ as_day('d.valid_from') }} as xk_yxqz,
        {{ as_day('d.valid_to') }} as xk_yxqzi,
        d.authority_name as xk_xkjg,
        d.authority_uscc as xk_xkjgdm,
        d.licence_state as xk_zt,
        d.source_unit_name as xk_lydw,
        d.source_unit_uscc as xk_lydwdm,
        d.remark as bz
    from {{ ref('int_administrative_licence__changes') }} c
    join {{ ref('int_administrative_licence__current') }} d on d.record_id = c.record_id
    where c.build_id = {{ var('build_id') }} and d.variant = 'person'
)
{{ offered('administrative_licence', 'person', [
    'xk_xdr_mc', 'xk_xdr_lb', 'xk_xdr_zjlx', 'xk_xdr_zjhm', 'xk_xkws', 'xk_wsh', 'xk_xklb', 'xk_xkzs', 'xk_xkbh',
    'xk_nr', 'xk_jdrq', 'xk_yxqz', 'xk_yxqzi', 'xk_xkjg', 'xk_xkjgdm', 'xk_zt', 'xk_lydw', 'xk_lydwdm', 'bz'
]) }}
