{{ config(pre_hook="{{ take_out_inputs('inspection_result') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('inspection_result') }}
