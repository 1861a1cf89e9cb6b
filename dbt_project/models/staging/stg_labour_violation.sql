{{ config(pre_hook="{{ take_out_inputs('labour_violation') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('labour_violation') }}
