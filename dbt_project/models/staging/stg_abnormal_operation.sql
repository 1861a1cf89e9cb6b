{{ config(meta={'takes_out': inputs_of(['abnormal_operation'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('abnormal_operation') }}
