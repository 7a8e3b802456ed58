{#-
  What two profiles of a person are compared by: for each comparison its levels, best first; the last is `different`. In
  every comparison a missing value says nothing. `[l.x]` and `[r.x]` are column x of the one and the other profile.
  This is the only place: dbt's SQL and Splink's settings (orchestration/linkage) are both made from it, and
  seeds/linkage_weight.csv has a weight for each level. Levels that are `neutral` always weigh nothing: what they say has
  been counted elsewhere. `household` marks what people of one household share.
-#}
{% macro linkage_comparisons() %}
    {%- set swapped = '[l.family_name_key] = [r.given_name_key] and [l.given_name_key] = [r.family_name_key]' -%}
    {%- set shorter_family = 'least(length([l.family_name_key]), length([r.family_name_key]))' -%}
    {%- set shorter_given = 'least(length([l.given_name_key]), length([r.given_name_key]))' -%}
    {%- do return([
        {'name': 'family_name', 'columns': ['family_name_key'], 'levels': [
            {'level': 'exact', 'when': '[l.family_name_key] = [r.family_name_key]'},
            {'level': 'swapped_with_given_name', 'when': swapped},
            {'level': 'one_letter_off', 'when': shorter_family ~ ' >= 4 and ' ~ edit_distance('[l.family_name_key]', '[r.family_name_key]') ~ ' <= 1'},
            {'level': 'similar', 'when': shorter_family ~ ' >= 4 and (' ~ edit_distance('[l.family_name_key]', '[r.family_name_key]') ~ " <= 2 or [l.family_name_key] like '%' || [r.family_name_key] || '%' or [r.family_name_key] like '%' || [l.family_name_key] || '%')"},
            {'level': 'different_women', 'when': "[l.sex_code] = '2' and [r.sex_code] = '2'"},
            {'level': 'different'},
        ]},
        {'name': 'given_name', 'columns': ['given_name_key'], 'levels': [
            {'level': 'exact', 'when': '[l.given_name_key] = [r.given_name_key]'},
            {'level': 'swapped_with_family_name', 'when': swapped, 'neutral': true},
            {'level': 'nickname', 'when': '[l.given_name_root] = [r.given_name_root]'},
            {'level': 'similar', 'when': '(' ~ shorter_given ~ ' >= 4 and ' ~ edit_distance('[l.given_name_key]', '[r.given_name_key]') ~ ' <= 1) or (' ~ shorter_given ~ ' >= 7 and ' ~ edit_distance('[l.given_name_key]', '[r.given_name_key]') ~ ' <= 2)'},
            {'level': 'initial', 'when': shorter_given ~ ' = 1 and substr([l.given_name_key], 1, 1) = substr([r.given_name_key], 1, 1)'},
            {'level': 'different'},
        ]},
        {'name': 'birth_date', 'columns': ['birth_text'], 'levels': [
            {'level': 'exact', 'when': '[l.birth_text] = [r.birth_text]'},
            {'level': 'day_and_month_swapped', 'when': 'substr([l.birth_text], 1, 4) = substr([r.birth_text], 1, 4) and substr([l.birth_text], 6, 2) = substr([r.birth_text], 9, 2) and substr([l.birth_text], 9, 2) = substr([r.birth_text], 6, 2)'},
            {'level': 'one_digit_off', 'when': edit_distance('[l.birth_text]', '[r.birth_text]') ~ " <= 1 or (substr([l.birth_text], 1, 4) = substr([r.birth_text], 1, 4) and least([l.birth_text], [r.birth_text]) like '%-02-29' and greatest([l.birth_text], [r.birth_text]) like '%-03-01')"},
            {'level': 'different'},
        ]},
        {'name': 'sex', 'columns': ['sex_code'], 'levels': [
            {'level': 'exact', 'when': '[l.sex_code] = [r.sex_code]'},
            {'level': 'different'},
        ]},
        {'name': 'postcode', 'columns': ['postcode'], 'household': true, 'levels': [
            {'level': 'exact', 'when': '[l.postcode] = [r.postcode]'},
            {'level': 'one_letter_off', 'when': edit_distance('[l.postcode]', '[r.postcode]') ~ ' <= 1'},
            {'level': 'same_sector', 'when': 'substr([l.postcode], 1, length([l.postcode]) - 2) = substr([r.postcode], 1, length([r.postcode]) - 2)'},
            {'level': 'different'},
        ]},
        {'name': 'practice', 'columns': ['gp_practice_code'], 'household': true, 'levels': [
            {'level': 'exact', 'when': '[l.gp_practice_code] = [r.gp_practice_code]'},
            {'level': 'different'},
        ]},
    ]) -%}
{% endmacro %}

{#-
  Pairs are compared only where they share one of these. A key of more profiles than the threshold `block_size` is passed
  over, so that no common key makes work that grows with the square.
-#}
{% macro linkage_blocks() %}
    {%- do return([
        ['family_name_key', 'birth_text'],
        ['given_name_key', 'birth_text'],
        ['given_name_root', 'birth_text'],
        ['least(family_name_key, given_name_key)', 'greatest(family_name_key, given_name_key)', 'substr(birth_text, 1, 4)'],
        ['least(family_name_key, given_name_key)', 'greatest(family_name_key, given_name_key)', 'substr(birth_text, 5)'],
        ['postcode', 'family_name_key'],
        ['postcode', 'given_name_key'],
        ['postcode', 'birth_text'],
    ]) -%}
{% endmacro %}
