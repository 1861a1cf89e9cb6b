{{ config(indexes=[{'columns': ['build_id']}, {'columns': ['record_id']}]) }}
{% set columns = [
    ('cf_xdr_mc', 'image.subject_name'),
    ('cf_xdr_lb', 'image.subject_category'),
    ('cf_xdr_zjlx', 'image.id_type'),
    ('cf_xdr_zjhm', 'image.id_no'),
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
{{ exported_changes('administrative_penalty', 'person', columns) }}
