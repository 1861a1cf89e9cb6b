{{ config(meta={'takes_out': inputs_of(['disclosure_item'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('disclosure_item') }}
