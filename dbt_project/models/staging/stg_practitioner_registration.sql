{{ config(pre_hook="{{ take_out_inputs('practitioner_registration') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('practitioner_registration') }}
