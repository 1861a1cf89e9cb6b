{{ config(meta={'takes_out': inputs_of(['commitment'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('commitment') }}
