{{ config(meta={'takes_out': inputs_of(['aggregate_count'])},
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('aggregate_count') }}
