{{ config(pre_hook="{{ take_out_inputs('contract_performance') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('contract_performance') }}
