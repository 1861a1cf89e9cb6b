{{ config(
    pre_hook="{{ take_out_inputs('administrative_penalty') }}",
    indexes=[{'columns': ['record_id']}, {'columns': ['decision_no', 'authority_uscc']},
        {'columns': ['batch_seq', 'attempt']}]
) }}
{{ staged_records('administrative_penalty') }}
