{#-
  The terms of the risk model (F 4.7): how the features of risk_feature enter a logistic regression. One list, from which
  the training rows, the score and its reasons are made, so that what was trained is what is scored. `feature` groups
  terms that say one thing together: the spline of age is one reason, not five.
-#}
{% macro risk_terms() %}
    {%- set terms = [
        ('age_10y', 'age', 'least(age_years, 90) / 10.0'),
        ('is_under_5', 'age', 'case when age_years < 5 then 1 else 0 end'),
        ('age_over_18', 'age', 'greatest(least(age_years, 90) - 18, 0) / 10.0'),
        ('age_over_40', 'age', 'greatest(least(age_years, 90) - 40, 0) / 10.0'),
        ('age_over_60', 'age', 'greatest(least(age_years, 90) - 60, 0) / 10.0'),
        ('age_over_75', 'age', 'greatest(least(age_years, 90) - 75, 0) / 10.0'),
        ('is_male', 'sex', "case when sex_code = '1' then 1 else 0 end"),
        ('deprivation', 'deprivation', '10 - coalesce(imd_decile, 5)'),
        ('is_deprivation_missing', 'deprivation', 'case when imd_decile is null then 1 else 0 end'),
        ('cambridge_score', 'cambridge', 'least(cambridge_score, 8)'),
        ('is_mildly_frail', 'frailty', "case when efi_band = 'mild' then 1 else 0 end"),
        ('is_moderately_frail', 'frailty', "case when efi_band = 'moderate' then 1 else 0 end"),
        ('is_severely_frail', 'frailty', "case when efi_band = 'severe' then 1 else 0 end"),
        ('hospital_frailty', 'hospital_frailty', 'least(hfrs_tenths, 300) / 100.0'),
        ('ed_1_recent', 'ed', 'case when ed_recent_count >= 1 then 1 else 0 end'),
        ('ed_2_recent', 'ed', 'case when ed_recent_count >= 2 then 1 else 0 end'),
        ('ed_earlier', 'ed', 'least(ed_earlier_count, 6)'),
        ('emergency_1_recent', 'emergency', 'case when emergency_recent_count >= 1 then 1 else 0 end'),
        ('emergency_1', 'emergency', 'case when emergency_count >= 1 then 1 else 0 end'),
        ('emergency_2', 'emergency', 'case when emergency_count >= 2 then 1 else 0 end'),
        ('emergency_3', 'emergency', 'case when emergency_count >= 3 then 1 else 0 end'),
        ('elective', 'elective', 'least(elective_count, 3)'),
        ('outpatient', 'outpatient', 'least(outpatient_count, 12)'),
        ('outpatient_dna', 'outpatient_dna', 'least(outpatient_dna_count, 4)'),
        ('calls_111', 'calls_111', 'least(call_111_count, 4)'),
        ('ambulances', 'ambulances', 'least(ambulance_count, 4)'),
        ('medicines', 'medicines', 'least(repeat_medicine_count, 15)'),
        ('gp_appointments', 'gp_appointments', 'least(gp_appointment_count, 20)'),
        ('care_home', 'care_home', 'case when is_care_home_resident then 1 else 0 end'),
        ('mental_health', 'mental_health', 'case when has_mental_health_caseload then 1 else 0 end'),
        ('community', 'community', 'case when has_community_caseload then 1 else 0 end'),
        ('social_care', 'social_care', 'case when has_social_care then 1 else 0 end'),
        ('smoker', 'smoker', 'case when is_smoker then 1 else 0 end'),
        ('is_underweight', 'weight', 'case when latest_bmi < 18.5 then 1 else 0 end'),
        ('is_obese', 'weight', 'case when latest_bmi >= 30 then 1 else 0 end'),
        ('is_bmi_missing', 'weight', 'case when latest_bmi is null then 1 else 0 end'),
    ] -%}
    {%- set found = [] -%}
    {%- for name, feature, sql in terms -%}
        {%- do found.append({'name': name, 'feature': feature, 'sql': 'coalesce(cast(' ~ sql ~ ' as double), 0)'}) -%}
    {%- endfor -%}
    {%- for code in risk_registers() -%}
        {%- set flag = 'has_' ~ code -%}
        {%- do found.append({'name': flag, 'feature': code, 'sql': 'cast(case when ' ~ flag ~ ' then 1 else 0 end as double)'}) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{% endmacro %}


{#- Registers of F 4.1 that are features, each by itself. -#}
{% macro risk_registers() %}
    {%- do return(['af', 'ast', 'can', 'chd', 'ckd', 'copd', 'dem', 'dep', 'dm', 'ep', 'hf', 'htn', 'ld', 'ost', 'pad', 'ra', 'smi', 'stia']) -%}
{% endmacro %}


{#- Emergency admission as risk and registers count it: method 2x, but neither transfer (2B) nor a baby born at home (2C). -#}
{% macro counts_as_emergency_admission(method_code) -%}
    ({{ method_code }} like '2%' and {{ method_code }} not in ('2B', '2C'))
{%- endmacro %}


{#- Whether a person is among the six in ten whom the model learns from; the others judge it. By a hash, so that it stays. -#}
{% macro is_in_training_share(person_id) -%}
    (substr({{ dbt.hash(person_id) }}, 1, 2) < '99')
{%- endmacro %}


{#-
  Calibration of predictions by logistic regression of the outcome on the log odds that were predicted: intercept and
  slope, by Newton's method in plain SQL, as CTEs of which the last is `calibration` (one row). `rows` is a relation with
  log_odds and outcome (0 or 1). Ten steps from (0, 1); each reads the rows once. Null where it has no solution.
-#}
{% macro calibration_ctes(rows) %}
    step_0 as (select cast(0 as double) as intercept, cast(1 as double) as slope),
    {%- for step in range(1, 11) %}
    sums_{{ step }} as (
        select
            sum(outcome - probability) as g0,
            sum((outcome - probability) * log_odds) as g1,
            sum(probability * (1 - probability)) as h00,
            sum(probability * (1 - probability) * log_odds) as h01,
            sum(probability * (1 - probability) * log_odds * log_odds) as h11
        from (
            select
                cases.outcome,
                cases.log_odds,
                1 / (1 + exp(-(step.intercept + step.slope * cases.log_odds))) as probability
            from {{ rows }} as cases
            cross join step_{{ step - 1 }} as step
        ) as predicted
    ),
    step_{{ step }} as (
        select
            step.intercept + (sums.h11 * sums.g0 - sums.h01 * sums.g1) / nullif(sums.h00 * sums.h11 - sums.h01 * sums.h01, 0)
                as intercept,
            step.slope + (sums.h00 * sums.g1 - sums.h01 * sums.g0) / nullif(sums.h00 * sums.h11 - sums.h01 * sums.h01, 0)
                as slope
        from step_{{ step - 1 }} as step
        cross join sums_{{ step }} as sums
    ),
    {%- endfor %}
    calibration as (select intercept, slope from step_10)
{%- endmacro %}


{#- What of risk_feature is said in the reason of a feature, where it is not what its terms add up to. -#}
{% macro risk_values() %}
    {%- do return({
        'age': 'age_years', 'deprivation': 'imd_decile', 'ed': 'ed_count', 'emergency': 'emergency_count', 'elective': 'elective_count',
        'outpatient': 'outpatient_count', 'outpatient_dna': 'outpatient_dna_count', 'calls_111': 'call_111_count',
        'ambulances': 'ambulance_count', 'medicines': 'repeat_medicine_count', 'gp_appointments': 'gp_appointment_count',
    }) -%}
{% endmacro %}
