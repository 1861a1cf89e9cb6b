{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
{{ touched_decisions('administrative_penalty', '处罚') }}
