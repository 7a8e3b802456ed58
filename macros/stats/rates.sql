{#-
  Rates with their intervals (F 4.9, 4.10). z is 1.959964 for 95 % and 3.090232 for 99.8 %; no other has exact limits.
-#}

{#- Exact limits of a Poisson count of 0 to 9: half the chi-square quantiles with 2x and 2x + 2 degrees of freedom. -#}
{% macro exact_poisson_limits(z) %}
    {%- set limits = {
        '1.959964': {
            'lower': [0, 0.025318, 0.242209, 0.618672, 1.089865, 1.623486, 2.201894, 2.814363, 3.453832, 4.115373],
            'upper': [
                3.688879, 5.571643, 7.224688, 8.767273, 10.241589, 11.668332, 13.059474, 14.422675, 15.763189, 17.084803
            ],
        },
        '3.090232': {
            'lower': [0, 0.001001, 0.045402, 0.190533, 0.428552, 0.739372, 1.107105, 1.520336, 1.970814, 2.452424],
            'upper': [
                6.907755, 9.233413, 11.228872, 13.062241, 14.794149, 16.454745, 18.061637, 19.626177, 21.156198, 22.657373
            ],
        },
    } -%}
    {%- if z | string not in limits -%}
        {{ exceptions.raise_compiler_error('Exact Poisson limits are known for z of 1.959964 and 3.090232, not for ' ~ z) }}
    {%- endif -%}
    {%- do return(limits[z | string]) -%}
{% endmacro %}


{#- Byar's limits of a count. Good from 10 on; count_lower and count_upper take the exact ones below. -#}
{% macro byar_lower(x, z=1.959964) -%}
    (
        {{ x }} * power(
            1 - 1 / (9 * nullif(cast({{ x }} as double), 0)) - {{ z }} / (3 * sqrt(nullif(cast({{ x }} as double), 0))), 3
        )
    )
{%- endmacro %}


{% macro byar_upper(x, z=1.959964) -%}
    (
        ({{ x }} + 1) * power(
            1 - 1 / (9 * cast({{ x }} + 1 as double)) + {{ z }} / (3 * sqrt(cast({{ x }} + 1 as double))), 3
        )
    )
{%- endmacro %}


{#- Limits of a whole count: exact Poisson under 10, Byar from 10 on. Null for null. -#}
{% macro count_lower(x, z=1.959964) -%}
    case
        {%- for limit in exact_poisson_limits(z)['lower'] %}
        when {{ x }} = {{ loop.index0 }} then {{ limit }}
        {%- endfor %}
        else {{ byar_lower(x, z) }}
    end
{%- endmacro %}


{% macro count_upper(x, z=1.959964) -%}
    case
        {%- for limit in exact_poisson_limits(z)['upper'] %}
        when {{ x }} = {{ loop.index0 }} then {{ limit }}
        {%- endfor %}
        else {{ byar_upper(x, z) }}
    end
{%- endmacro %}


{#-
  Direct standardisation (F 4.10) as aggregates over the age bands of a group: `events` of `people`, `weight` of the
  standard population. A band without people has no weight, so that the rate is that of the bands that the group has.
  Per person; multiply for per 1,000. `dsr_variance` is that of the rate.
-#}
{% macro dsr(events, people, weight) -%}
    (
        sum({{ weight }} * cast({{ events }} as double) / nullif({{ people }}, 0))
        / nullif(sum(case when {{ people }} > 0 then {{ weight }} end), 0)
    )
{%- endmacro %}


{% macro dsr_variance(events, people, weight) -%}
    (
        sum(
            {{ weight }} * {{ weight }} * cast({{ events }} as double)
            / nullif(cast({{ people }} as double) * {{ people }}, 0)
        )
        / nullif(power(sum(case when {{ people }} > 0 then {{ weight }} end), 2), 0)
    )
{%- endmacro %}


{#- Dobson's limits of a directly standardised rate with its variance, of `events` in all. Null for none. -#}
{% macro dsr_lower(rate, variance, events, z=1.959964) -%}
    (
        {{ rate }} + sqrt({{ variance }} / nullif({{ events }}, 0))
        * ({{ count_lower(events, z) }} - {{ events }})
    )
{%- endmacro %}


{% macro dsr_upper(rate, variance, events, z=1.959964) -%}
    (
        {{ rate }} + sqrt({{ variance }} / nullif({{ events }}, 0))
        * ({{ count_upper(events, z) }} - {{ events }})
    )
{%- endmacro %}
