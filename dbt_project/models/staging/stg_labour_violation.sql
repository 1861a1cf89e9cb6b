{{ config(meta={'takes_out': inputs_of(['labour_violation'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('labour_violation') }}
