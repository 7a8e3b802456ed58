{#-
  Slope and relative index of inequality (F 4.11), in closed form. `rows` is a relation with `keys`, quantile (1 the most
  deprived), people, value and standard_error. A select: keys, quantiles, intercept (the line at the most deprived end)
  and far_end, sii and rii with 95 % limits.

  SII is what the most deprived end has more than the least deprived end: positive where the deprived have more. Both ends
  are sums of the values with fixed weights, so that the interval of SII is that which the simulation of the source comes
  to; that of RII is by the delta method on the logarithm. Null unless there are `needed` quantiles, all with a value.
-#}
{% macro slope_index(rows, keys, needed=10, z=1.959964) %}
{%- set by = keys | join(', ') -%}
{%- set over = 'over (partition by ' ~ by ~ ')' %}
select
    {{ by }},
    cast(max(quantiles) as integer) as quantiles,
    max(intercept) as intercept,
    max(far_end) as far_end,
    max(intercept - far_end) as sii,
    max(intercept - far_end) - {{ z }} * sqrt(sum(power((near_weight - far_weight) * standard_error, 2))) as sii_lower,
    max(intercept - far_end) + {{ z }} * sqrt(sum(power((near_weight - far_weight) * standard_error, 2))) as sii_upper,
    max(rii) as rii,
    max(rii) * exp(-{{ z }} * sqrt(sum(power((near_weight / intercept - far_weight / far_end) * standard_error, 2))))
        as rii_lower,
    max(rii) * exp({{ z }} * sqrt(sum(power((near_weight / intercept - far_weight / far_end) * standard_error, 2))))
        as rii_upper
from (
    select
        fitted.*,
        case when intercept > 0 and far_end > 0 then intercept / far_end end as rii
    from (
        select
            weighted.*,
            sum(near_weight * value) {{ over }} as intercept,
            sum(far_weight * value) {{ over }} as far_end
        from (
            select
                spread.*,
                share - share * (middle - mean_middle) / spread_of_middle * mean_middle as near_weight,
                share + share * (middle - mean_middle) / spread_of_middle * (1 - mean_middle) as far_weight
            from (
                select
                    centred.*,
                    sum(share * power(middle - mean_middle, 2)) {{ over }} as spread_of_middle
                from (
                    select
                        placed.*,
                        sum(share * middle) {{ over }} as mean_middle
                    from (
                        select
                            shares.*,
                            sum(share) over (partition by {{ by }} order by quantile) - share / 2 as middle
                        from (
                            select
                                {{ by }},
                                quantile,
                                value,
                                standard_error,
                                cast(people as double) / nullif(sum(people) {{ over }}, 0) as share,
                                count(value) {{ over }} as quantiles
                            from {{ rows }}
                        ) as shares
                        where quantiles = {{ needed }}
                    ) as placed
                ) as centred
            ) as spread
        ) as weighted
    ) as fitted
) as both_ends
group by {{ by }}
{%- endmacro %}


{#-
  Control limits of a proportion at n where the average is p (F 4.12): the shares whose Wilson interval just touches the
  average.
-#}
{% macro funnel_limit(n, p, z, sign) -%}
    case
        when {{ n }} > 0
            then (
                {{ p }} * ({{ n }} / {{ z * z }} + 1) {{ sign }} sqrt(
                    greatest(
                        0,
                        power(8 * {{ p }} * ({{ n }} / {{ z * z }} + 1), 2)
                        - 64 * (1 / {{ z * z }} + 1 / cast({{ n }} as double)) * {{ p }} * (
                            {{ n }} * ({{ p }} * ({{ n }} / {{ z * z }} + 2) - 1) + {{ z * z }} * ({{ p }} - 1)
                        )
                    )
                ) / 8
            ) / (1 / {{ z * z }} + 1 / cast({{ n }} as double)) / {{ n }}
    end
{%- endmacro %}


{% macro funnel_lower(n, p, z=1.959964) -%}
    {{ funnel_limit(n, p, z, '-') }}
{%- endmacro %}


{% macro funnel_upper(n, p, z=1.959964) -%}
    {{ funnel_limit(n, p, z, '+') }}
{%- endmacro %}


{#- Where a value lies against limits of 99.8 and 95 %: above_99_8, above_95, within, below_95, below_99_8. -#}
{% macro funnel_flag(value, lower_998, lower_95, upper_95, upper_998) -%}
    case
        when {{ value }} is null then null
        when {{ value }} > {{ upper_998 }} then 'above_99_8'
        when {{ value }} > {{ upper_95 }} then 'above_95'
        when {{ value }} < {{ lower_998 }} then 'below_99_8'
        when {{ value }} < {{ lower_95 }} then 'below_95'
        else 'within'
    end
{%- endmacro %}
