{{ config(pre_hook="{{ take_out_inputs('honour') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('honour') }}
