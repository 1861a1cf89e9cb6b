{{ config(pre_hook="{{ take_out_inputs('aggregate_count') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('aggregate_count') }}
