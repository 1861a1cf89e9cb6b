{{ config(meta={'takes_out': inputs_of(['judgment_debtor'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('judgment_debtor') }}
