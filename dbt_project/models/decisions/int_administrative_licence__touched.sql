{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
{{ touched_decisions('administrative_licence', '许可') }}
