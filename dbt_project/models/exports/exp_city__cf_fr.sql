{{ config(indexes=[{'columns': ['build_id']}, {'columns': ['record_id']}]) }}
-- depends_on: {{ ref('int_administrative_penalty__changes') }}
{% set columns = [
    ('cf_xdr_mc', 'image.subject_name'),
    ('cf_xdr_lb', 'image.subject_category'),
    ('cf_xdr_shxym', 'image.uscc'),
    ('cf_xdr_gszc', 'image.business_reg_no'),
    ('cf_xdr_zzjg', 'image.org_code'),
    ('cf_xdr_swdj', 'image.tax_reg_no'),
    ('cf_xdr_sydw', 'image.institution_cert_no'),
    ('cf_xdr_shzz', 'image.social_org_cert_no'),
    ('cf_frdb', 'image.legal_rep_name'),
    ('cf_fr_zjlx', 'image.legal_rep_id_type'),
    ('cf_fr_zjhm', 'image.legal_rep_id_no'),
    ('cf_wsh', 'image.decision_no'),
    ('cf_wfxw', 'image.violation_type'),
    ('cf_sy', 'image.violation_facts'),
    ('cf_yj', 'image.legal_basis'),
    ('cf_cflb', 'image.penalty_category'),
    ('cf_nr', 'image.penalty_content'),
    ('cf_nr_fk', as_amount('image.fine_amount_wan')),
    ('cf_nr_wfff', as_amount('image.confiscated_amount_wan')),
    ('cf_nr_zkdx', 'image.suspended_or_revoked_licence'),
    ('cf_jdrq', as_day('image.decision_date')),
    ('cf_yxq', as_day('image.valid_until')),
    ('cf_gsjzq', as_day('image.publication_until')),
    ('cf_cfjg', 'image.authority_name'),
    ('cf_cfjgdm', 'image.authority_uscc'),
    ('cf_sjly', 'image.source_unit_name'),
    ('cf_sjlydm', 'image.source_unit_uscc'),
    ('bz', 'image.remark')
] %}
{{ exported_changes('administrative_penalty', 'entity', columns) }}
