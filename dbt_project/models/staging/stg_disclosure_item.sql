{{ config(pre_hook="{{ take_out_inputs('disclosure_item') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('disclosure_item') }}
