{{ config(meta={'takes_out': inputs_of(['honour'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('honour') }}
