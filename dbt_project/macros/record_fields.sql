{#- Fields of the record kinds that are staged from one list, as the catalogue names them; a test compares the two.
    A field is text unless it says otherwise. -#}
{% macro record_fields(kind) -%}
    {%- set fields = {
        'organisation_registration':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'former_names predecessor_uscc org_type sponsor_name established_on:date address state state_on:date ' ~
            'legal_rep_name source_unit_name source_unit_uscc remark',
        'practitioner_registration':
            'subject_name id_type id_no profession register_name certificate_no issued_on:date valid_to:date ' ~
            'practice_org_name practice_org_uscc state state_on:date source_unit_name source_unit_uscc remark',
        'statutory_rating':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'rating_domain period:count grade decided_on:date valid_to:date document_no authority_name authority_uscc ' ~
            'source_unit_name source_unit_uscc remark',
        'inspection_result':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'inspection_no inspection_area inspection_type inspected_on:date result findings authority_name ' ~
            'authority_uscc source_unit_name source_unit_uscc remark product_name product_batch',
        'honour':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'honour_title honour_kind honour_level document_no decided_on:date valid_to:date removed_on:date ' ~
            'removal_reason authority_name authority_uscc source_unit_name source_unit_uscc remark',
        'breach_list':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no list_name ' ~
            'entry_no entered_on:date reason legal_basis term_to:date removed_on:date removal_no removal_reason ' ~
            'authority_name authority_uscc source_unit_name source_unit_uscc remark',
        'abnormal_operation':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no entry_no ' ~
            'entered_on:date reason removed_on:date removal_no removal_reason authority_name authority_uscc ' ~
            'source_unit_name source_unit_uscc remark',
        'judgment_debtor':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no case_no ' ~
            'basis_no court_name obligation performance conduct filed_on:date published_on:date removed_on:date ' ~
            'authority_uscc source_unit_name source_unit_uscc remark id_type id_no',
        'contract_performance':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no contract_no ' ~
            'contract_name contract_kind subject_role counterparty_name amount_wan:amount signed_on:date due_on:date ' ~
            'performance evaluated_on:date breach_detail authority_name authority_uscc source_unit_name ' ~
            'source_unit_uscc remark',
        'social_insurance_payment':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no period ' ~
            'insured_count:count payment_state arrears_wan:amount paid_on:date authority_name authority_uscc ' ~
            'source_unit_name source_unit_uscc remark',
        'labour_violation':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no case_no ' ~
            'violation_type facts workers_count:count amount_wan:amount decision_date:date outcome published_on:date ' ~
            'corrected_on:date authority_name authority_uscc source_unit_name source_unit_uscc remark',
        'disclosure_item':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no item_no ' ~
            'item_title item_category due_on:date publication_state published_on:date channel source_unit_name ' ~
            'source_unit_uscc remark',
        'commitment':
            'subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'commitment_no commitment_type commitment_area content made_on:date due_on:date fulfilment ' ~
            'fulfilment_on:date breach_detail authority_name authority_uscc source_unit_name source_unit_uscc remark ' ~
            'id_type id_no profession',
        'training_count':
            'unit_name unit_uscc population month staff_count:count trained_count:count source_unit_name ' ~
            'source_unit_uscc remark',
        'sector_roster':
            'roster_name subject_name uscc org_code business_reg_no tax_reg_no institution_cert_no social_org_cert_no ' ~
            'listed_on:date removed_on:date source_unit_name source_unit_uscc remark',
        'aggregate_count':
            'unit_name unit_uscc measure month numerator:count denominator:count denominator_source ' ~
            'denominator_on:date source_unit_name source_unit_uscc remark',
    } -%}
    {%- do return(fields[kind].split(' ')) -%}
{%- endmacro %}
