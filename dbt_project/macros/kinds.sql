{#- Made from include/catalogue/kinds by `public-credit catalogue generate`. -#}
{#- All kinds. -#}
{% macro all_kinds() -%}
    {%- do return([
        'abnormal_operation',
        'administrative_licence',
        'administrative_penalty',
        'aggregate_count',
        'breach_list',
        'commitment',
        'contract_performance',
        'decision_event',
        'decision_ledger',
        'disclosure_item',
        'enterprise_registration',
        'honour',
        'inspection_result',
        'judgment_debtor',
        'labour_violation',
        'organisation_registration',
        'practitioner_registration',
        'sector_roster',
        'social_insurance_payment',
        'statutory_rating',
        'training_count'
    ]) -%}
{%- endmacro %}

{#- Kinds whose rows are records of subjects. -#}
{% macro record_kinds() -%}
    {%- do return([
        'abnormal_operation',
        'administrative_licence',
        'administrative_penalty',
        'breach_list',
        'commitment',
        'contract_performance',
        'disclosure_item',
        'honour',
        'inspection_result',
        'judgment_debtor',
        'labour_violation',
        'practitioner_registration',
        'social_insurance_payment',
        'statutory_rating'
    ]) -%}
{%- endmacro %}

{#- Kinds whose rosters (accepted full snapshots) end what they lack. -#}
{% macro roster_kinds() -%}
    {%- do return([
        'abnormal_operation',
        'breach_list',
        'commitment',
        'contract_performance',
        'disclosure_item',
        'honour',
        'inspection_result',
        'judgment_debtor',
        'labour_violation',
        'practitioner_registration',
        'social_insurance_payment',
        'statutory_rating'
    ]) -%}
{%- endmacro %}
