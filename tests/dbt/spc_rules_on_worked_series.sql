-- Control charts (F 4.13) on series worked out by hand. Each case: its phases, each a list of values and how
-- many first points are the baseline; then what each point must be, a letter a point.
{% set words = {
    '.': 'common_cause', 'A': 'above_limit', 'B': 'below_limit', 'U': 'trend_up', 'D': 'trend_down',
    'T': 'two_of_three_high', 't': 'two_of_three_low', 'S': 'shift_high', 's': 'shift_low', '-': none,
} %}
{# Mean 10, every moving range 1: limits 7.34 and 12.66, near limits 8.226667 and 11.773333. #}
{% set down = [10.5, 9.5] * 6 %}
{% set up = [9.5, 10.5] * 6 %}
{% set rise = [9.0, 9.3, 9.6, 9.9, 10.2, 10.5, 10.8] %}
{% set fall = [11.0, 10.7, 10.4, 10.1, 9.8, 9.5, 9.2] %}
{% set dots = '.' * 12 %}
{% set cases = [
    ('12 points that go up and down', [(down, 12)], dots),
    ('11 points are too few', [(down[:11], none)], '-' * 11),
    ('12 points are enough', [(down, none)], dots),
    ('on a limit and beyond', [(down + [12.66, 9.5, 12.67, 9.5, 7.34, 10.5, 7.33], 12)], dots ~ '..A...B'),
    ('6 on a side', [(down + [11] * 6 + [9.5], 12)], dots ~ '.......'),
    ('7 on the high side', [(down + [11] * 7 + [9.5], 12)], dots ~ 'SSSSSSS.'),
    ('8 on the low side', [(up + [9] * 8 + [10.5], 12)], dots ~ 'ssssssss.'),
    ('on the mean breaks a run', [(down + [11, 11, 11, 10, 11, 11, 11, 11, 9.5], 12)], dots ~ '.........'),
    ('6 rising', [(down + rise[:6] + [9.5], 12)], dots ~ '.......'),
    ('7 rising', [(down + rise + [9.5], 12)], dots ~ 'UUUUUUU.'),
    ('7 falling', [(up + fall + [10.5], 12)], dots ~ 'DDDDDDD.'),
    ('8 rising', [(down + rise + [11.1, 9.5], 12)], dots ~ 'UUUUUUUU.'),
    ('an equal step breaks a trend', [(down + rise[:3] + rise[2:] + [9.5], 12)], dots ~ '.........'),
    ('the top of rise and fall', [(down + rise + rise[:6][::-1] + [10.5], 12)], dots ~ 'UUUUUUDDDDDDD.'),
    ('the bottom of fall and rise', [(up + fall + fall[:6][::-1] + [9.5], 12)], dots ~ 'DDDDDDUUUUUUU.'),
    ('2 of 3 near the upper limit', [(down + [12, 10.5, 12, 9.5], 12)], dots ~ 'T.T.'),
    ('2 of 3 near the lower limit', [(up + [8, 9.5, 8, 10.5], 12)], dots ~ 't.t.'),
    ('2 of 3 with the third across the mean', [(down + [12, 9.5, 12, 9.5], 12)], dots ~ '....'),
    ('2 of 4', [(down + [12, 10.5, 10.5, 12, 9.5], 12)], dots ~ '.....'),
    ('on the near limit is not near', [(down + [11.773333, 10.5, 12, 9.5], 12)], dots ~ '....'),
    ('beyond the near limit is', [(down + [11.773334, 10.5, 12, 9.5], 12)], dots ~ 'T.T.'),
    ('2 of 3 about one beyond the limit', [(down + [12, 13, 12, 9.5], 12)], dots ~ 'TAT.'),
    ('beyond the limit is not near', [(down + [12, 11, 13, 9.5, 8, 9, 7, 10.5], 12)], dots ~ '..A...B.'),
    ('the limit is named before the trend', [(down + [9, 9.6, 10.2, 10.8, 11.4, 12, 12.8, 9.5], 12)], dots ~ 'UUUUUUA.'),
    ('2 of 3 is named before the shift', [(down + [11] * 5 + [12, 12, 9.5], 12)], dots ~ 'SSSSSTT.'),
    ('no moving range', [([10] * 13 + [10.1, 9.9], 12)], dots ~ '.AB'),
    ('a wide step does not widen the limits', [(down + [16] + down[:11] + [13.5], 24)], dots ~ 'A' ~ '.' * 11 ~ 'A'),
    ('limits of all points', [(down + [12.7], none)], dots ~ '.'),
    ('a phase has a mean of its own', [(down, 12), ([20.5, 19.5] * 6, 12)], dots ~ dots),
    ('a phase begins a new trend', [
        (down + rise[:3], 12), (rise[3:] + [9.5, 10.5, 9.5, 10.5, 9.5, 10.5, 9.5, 9.5], 12),
    ], dots ~ '...' ~ dots),
] %}
with point as (

    {% for name, phases, expected in cases %}
    {% set last_case = loop.last %}
    {% set seen = namespace(count=0) %}
    {% for points, baseline_points in phases %}
    {% set last_phase = loop.last %}
    {% set phase = loop.index %}
    {% for value in points %}
    select
        '{{ name }}' as case_name,
        {{ seen.count }} as position,
        {{ phase }} as phase,
        cast({{ value }} as double) as value,
        cast({{ 'null' if baseline_points is none else baseline_points }} as integer) as baseline_points,
        {{ sql_text(words[expected[seen.count]]) }} as expected
    {{ 'union all' if not (last_case and last_phase and loop.last) }}
    {% set seen.count = seen.count + 1 %}
    {% endfor %}
    {% endfor %}
    {% endfor %}

),

{{ spc_ctes('point', ['case_name'], at='position') }}

select
    point.case_name,
    point.position,
    point.value,
    chart.lower_process_limit,
    chart.upper_process_limit,
    chart.special_cause,
    point.expected
from point
left join spc_chart as chart
    on point.case_name = chart.case_name and point.position = chart.position
where coalesce(chart.special_cause, 'none') <> coalesce(point.expected, 'none')
order by point.case_name, point.position
