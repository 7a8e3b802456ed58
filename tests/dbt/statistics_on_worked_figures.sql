-- Rates and inequality (F 4.9 to 4.12) on figures worked out with numpy and scipy: exact limits are chi-
-- square quantiles, the slope is a weighted regression by lstsq, its interval that of 400,000 draws. Each
-- case: what a macro gives, what it should give, and how far off it may be.
{% set ages = [(5000, 3, 900), (5500, 10, 1100), (4000, 30, 700), (1000, 22, 90), (800, 0, 0)] %}
{% set deciles = [
    (1000, 95, 3), (1500, 88, 2.5), (1200, 84, 2.8), (800, 85, 3.1), (900, 78, 3), (1000, 70, 2.7), (1100, 72, 2.6),
    (700, 66, 3.3), (1300, 61, 2.2), (1500, 60, 2),
] %}
with age as (
    {%- for weight, events, people in ages %}
    select {{ weight }} as weight, {{ events }} as events, {{ people }} as people
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rate as (
    select
        sum(events) as events,
        {{ dsr('events', 'people', 'weight') }} as dsr,
        {{ dsr_variance('events', 'people', 'weight') }} as variance
    from age
),

decile as (
    {%- for people, value, standard_error in deciles %}
    select
        'ten' as scale,
        {{ loop.index }} as quantile,
        {{ people }} as people,
        cast({{ value }} as double) as value,
        {{ standard_error }} as standard_error
    union all
    select
        'nine' as scale,
        {{ loop.index }} as quantile,
        {{ people }} as people,
        {% if loop.index == 4 %}cast(null as double){% else %}cast({{ value }} as double){% endif %} as value,
        {{ standard_error }} as standard_error
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

slope as (

    {{ slope_index('decile', ['scale']) }}

),

cases as (
    {%- for name, got, expected, tolerance in [
        ('Byar of 10, lower', byar_lower('10'), 4.787450, 0.000001),
        ('Byar of 10, upper', byar_upper('10'), 18.391459, 0.000001),
        ('Byar of 65, lower', byar_lower('65'), 50.163188, 0.000001),
        ('Byar of 65, upper', byar_upper('65'), 82.849139, 0.000001),
        ('nothing has no lower limit but 0', count_lower('0'), 0, 0),
        ('rule of three', count_upper('0'), 3.688879, 0.000001),
        ('9 is exact', count_lower('9'), 4.115373, 0.000001),
        ('10 is by Byar', count_lower('10'), 4.787450, 0.000001),
        ('9 is exact at 99.8 %', count_upper('9', 3.090232), 22.657373, 0.000001),
        ('standardised', '(select 1000 * dsr from rate)', 31.131592, 0.000001),
        ('Dobson, lower', '(select 1000 * ' ~ dsr_lower('dsr', 'variance', 'events') ~ ' from rate)', 23.586788, 0.000001),
        ('Dobson, upper', '(select 1000 * ' ~ dsr_upper('dsr', 'variance', 'events') ~ ' from rate)', 40.208222, 0.000001),
        ('most deprived end', "(select intercept from slope where scale = 'ten')", 95.646423, 0.000001),
        ('slope', "(select sii from slope where scale = 'ten')", 40.256483, 0.000001),
        ('slope, lower', "(select sii_lower from slope where scale = 'ten')", 34.547, 0.02),
        ('slope, upper', "(select sii_upper from slope where scale = 'ten')", 45.962, 0.02),
        ('ratio', "(select rii from slope where scale = 'ten')", 1.726783, 0.000001),
        ('ratio, lower', "(select rii_lower from slope where scale = 'ten')", 1.5945, 0.002),
        ('ratio, upper', "(select rii_upper from slope where scale = 'ten')", 1.8731, 0.002),
        ('a decile without a value', "(select count(*) from slope where scale = 'nine')", 0, 0),
        ('funnel of 500 about 20 %, lower', funnel_lower('500', '0.2'), 0.164939, 0.000001),
        ('funnel of 500 about 20 %, upper', funnel_upper('500', '0.2'), 0.235061, 0.000001),
        ('the same at 99.8 %, lower', funnel_lower('500', '0.2', 3.090232), 0.144720, 0.000001),
        ('the same at 99.8 %, upper', funnel_upper('500', '0.2', 3.090232), 0.255280, 0.000001),
        ('Wilson of the upper limit begins at the average', wilson_lower('500 * ' ~ funnel_upper('500', '0.2'), '500'), 0.2, 0.000001),
    ] %}
    select
        '{{ name }}' as name,
        cast({{ got }} as double) as got,
        cast({{ expected }} as double) as expected,
        cast({{ tolerance }} as double) as tolerance
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select *
from cases
where got is null or abs(got - expected) > tolerance
