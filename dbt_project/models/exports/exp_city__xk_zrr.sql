{{ config(indexes=[{'columns': ['build_id']}, {'columns': ['record_id']}]) }}
{% set columns = [
    ('xk_xdr_mc', 'image.subject_name'),
    ('xk_xdr_lb', 'image.subject_category'),
    ('xk_xdr_zjlx', 'image.id_type'),
    ('xk_xdr_zjhm', 'image.id_no'),
    ('xk_xkws', 'image.decision_title'),
    ('xk_wsh', 'image.decision_no'),
    ('xk_xklb', 'image.licence_category'),
    ('xk_xkzs', 'image.certificate_name'),
    ('xk_xkbh', 'image.licence_no'),
    ('xk_nr', 'image.licence_content'),
    ('xk_jdrq', as_day('image.decision_date')),
    ('xk_yxqz', as_day('image.valid_from')),
    ('xk_yxqzi', as_day('image.valid_to')),
    ('xk_xkjg', 'image.authority_name'),
    ('xk_xkjgdm', 'image.authority_uscc'),
    ('xk_zt', 'image.licence_state'),
    ('xk_lydw', 'image.source_unit_name'),
    ('xk_lydwdm', 'image.source_unit_uscc'),
    ('bz', 'image.remark')
] %}
{{ exported_changes('administrative_licence', 'person', columns) }}
