{{ config(meta={'takes_out': inputs_of(['contract_performance'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('contract_performance') }}
