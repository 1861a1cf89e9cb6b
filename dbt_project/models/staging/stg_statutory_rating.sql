{{ config(pre_hook="{{ take_out_inputs('statutory_rating') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('statutory_rating') }}
