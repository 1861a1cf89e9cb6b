{{ config(pre_hook="{{ take_out_inputs('abnormal_operation') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('abnormal_operation') }}
