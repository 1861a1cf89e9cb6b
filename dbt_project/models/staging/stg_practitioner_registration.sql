{{ config(meta={'takes_out': inputs_of(['practitioner_registration'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('practitioner_registration') }}
