{{ config(meta={'takes_out': inputs_of(['organisation_registration'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('organisation_registration') }}
