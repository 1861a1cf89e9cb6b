{{ config(pre_hook="{{ take_out_inputs('training_count') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('training_count') }}
