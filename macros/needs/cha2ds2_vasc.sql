{#-
  CHA2DS2-VASc: risk of stroke in atrial fibrillation, 0 to 9. Heart failure, hypertension, diabetes, vascular disease, age
  65 to 74 and female sex one point each; age 75 and stroke or TIA two each. Arguments are expressions; those of
  conditions are booleans that are never null. A sex that is not known counts as none, an age that is not known as none.
-#}
{% macro cha2ds2_vasc(age_years, sex_code, has_hf, has_htn, has_dm, has_stroke, has_vascular) -%}
    (
        case when {{ has_hf }} then 1 else 0 end
        + case when {{ has_htn }} then 1 else 0 end
        + case when {{ age_years }} >= 75 then 2 when {{ age_years }} >= 65 then 1 else 0 end
        + case when {{ has_dm }} then 1 else 0 end
        + case when {{ has_stroke }} then 2 else 0 end
        + case when {{ has_vascular }} then 1 else 0 end
        + case when {{ sex_code }} = '2' then 1 else 0 end
    )
{%- endmacro %}
