{{ config(meta={'takes_out': inputs_of(['statutory_rating'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('statutory_rating') }}
