{#-
  Wilson score interval of a proportion x of n (F 4.9), 95 % unless another z is given; between 0 and 1, null where n is
  null or zero. Unlike the usual one it stays within 0 and 1 and says something of 0 of 5.
-#}
{% macro wilson_lower(x, n, z=1.959964) -%}
    {{ wilson_limit(x, n, z, '-') }}
{%- endmacro %}


{% macro wilson_upper(x, n, z=1.959964) -%}
    {{ wilson_limit(x, n, z, '+') }}
{%- endmacro %}


{#- (2x + z2 -/+ z sqrt(z2 + 4x(1 - x/n))) / 2(n + z2). Rounding keeps 0 of n at 0 and n of n at 1. -#}
{% macro wilson_limit(x, n, z, sign) -%}
    case
        when {{ n }} > 0
            then round(
                (
                    2 * {{ x }} + {{ z * z }}
                    {{ sign }} {{ z }} * sqrt({{ z * z }} + 4 * {{ x }} * (1 - cast({{ x }} as double) / {{ n }}))
                ) / (2 * ({{ n }} + {{ z * z }})),
                9
            )
    end
{%- endmacro %}
