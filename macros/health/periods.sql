{#-
  Stretches of time of one thing, joined where they touch or overlap. `relation` has the columns of `key`, valid_from and
  valid_until (the first day on which it no longer holds). A select, with the same columns.
-#}
{% macro merged_periods(relation, key) -%}
{%- set columns = key | join(', ') -%}
{%- set in_order = 'partition by ' ~ columns ~ ' order by valid_from, valid_until' -%}
select
    {{ columns }},
    min(valid_from) as valid_from,
    max(valid_until) as valid_until
from (
    select
        *,
        sum(is_first_of_stretch) over ({{ in_order }} rows unbounded preceding) as stretch
    from (
        select
            *,
            case
                when
                    valid_from <= max(valid_until) over (
                        {{ in_order }} rows between unbounded preceding and 1 preceding
                    )
                    then 0
                else 1
            end as is_first_of_stretch
        from {{ relation }}
    ) as marked
) as numbered
group by {{ columns }}, stretch
{%- endmacro %}


{#- The day that stands for "it still holds" in a valid_until. -#}
{% macro no_end() -%}
    date '9999-12-31'
{%- endmacro %}


{#-
  Bands of the Hospital Frailty Risk Score: low under 5, intermediate 5 to 15, high over 15, in tenths (F 4.5); of the
  electronic frailty index: fit to 4 of 36 deficits, mild to 8, moderate to 12, severe (F 4.6); of the Cambridge score,
  in hundredths (F 4.3). Null for null.
-#}
{% macro hfrs_band(tenths) -%}
    case
        when {{ tenths }} < 50 then 'low'
        when {{ tenths }} <= 150 then 'intermediate'
        when {{ tenths }} > 150 then 'high'
    end
{%- endmacro %}


{% macro efi_band(deficits) -%}
    case
        when {{ deficits }} <= 4 then 'fit'
        when {{ deficits }} <= 8 then 'mild'
        when {{ deficits }} <= 12 then 'moderate'
        when {{ deficits }} > 12 then 'severe'
    end
{%- endmacro %}


{% macro cambridge_category(hundredths) -%}
    case
        when {{ hundredths }} < 9 then 1
        when {{ hundredths }} < 69 then 2
        when {{ hundredths }} < 158 then 3
        when {{ hundredths }} < 296 then 4
        when {{ hundredths }} >= 296 then 5
    end
{%- endmacro %}


{#- Nights of a stay (from its first day until the day of discharge) that begin between two days, both included. -#}
{% macro nights_within(from_date, until_date, first_date, last_date) -%}
    {%- set latest_start = 'greatest(' ~ from_date ~ ', ' ~ first_date ~ ')' -%}
    {%- set earliest_end = 'least(' ~ until_date ~ ', ' ~ days_add(1, last_date) ~ ')' -%}
    greatest(
        0,
        {{ days_between(latest_start, earliest_end) }}
    )
{%- endmacro %}


{#- States that codes and groups of medicines of the GP record tell of: one row per person, state and stretch of time. A select. -#}
{% macro states_of_gp_record() -%}
    select
        person_id,
        state_code,
        valid_from,
        valid_until
    from {{ ref('gp_health_period') }}
    union all
    select
        person_id,
        state_code,
        valid_from,
        valid_until
    from {{ ref('medicine_period') }}
    where purpose = 'group'
{%- endmacro %}
