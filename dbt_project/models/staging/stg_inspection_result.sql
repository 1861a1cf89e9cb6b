{{ config(meta={'takes_out': inputs_of(['inspection_result'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('inspection_result') }}
