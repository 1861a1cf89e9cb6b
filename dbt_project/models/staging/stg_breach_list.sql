{{ config(pre_hook="{{ take_out_inputs('breach_list') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('breach_list') }}
