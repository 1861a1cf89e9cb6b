{{ config(pre_hook="{{ take_out_inputs('sector_roster') }}",
          indexes=[{'columns': ['record_id']}, {'columns': ['batch_seq', 'attempt']}]) }}
{{ staged_records('sector_roster') }}
