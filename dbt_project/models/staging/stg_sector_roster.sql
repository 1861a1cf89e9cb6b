{{ config(meta={'takes_out': inputs_of(['sector_roster'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('sector_roster') }}
