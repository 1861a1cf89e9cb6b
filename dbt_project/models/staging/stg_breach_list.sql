{{ config(meta={'takes_out': inputs_of(['breach_list'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('breach_list') }}
