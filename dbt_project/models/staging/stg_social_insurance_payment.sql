{{ config(meta={'takes_out': inputs_of(['social_insurance_payment'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('social_insurance_payment') }}
