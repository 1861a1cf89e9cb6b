{{ config(meta={'takes_out': inputs_of(['training_count'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('training_count') }}
