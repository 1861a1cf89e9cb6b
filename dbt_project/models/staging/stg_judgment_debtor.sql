{{ config(pre_hook="{{ take_out_inputs('judgment_debtor') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('judgment_debtor') }}
