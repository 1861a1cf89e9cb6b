{{ config(pre_hook="{{ take_out_inputs('commitment') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('commitment') }}
