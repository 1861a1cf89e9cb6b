{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
{{ decision_images('administrative_licence', '许可') }}
