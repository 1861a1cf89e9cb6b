{{ config(
    meta={'takes_out': inputs_of(['administrative_licence'])},
    indexes=[{'columns': ['record_id']}, {'columns': ['decision_no', 'authority_uscc']},
        {'columns': ['batch_seq', 'attempt']}]
) }}
{{ staged_records('administrative_licence') }}
