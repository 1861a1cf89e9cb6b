{{ config(pre_hook="{{ take_out_inputs('organisation_registration') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('organisation_registration') }}
