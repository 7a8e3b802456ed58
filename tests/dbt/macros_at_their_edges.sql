-- Macros whose edges no model reaches by itself: each case is what a macro gives and what it should give.
{% set rows = [] %}
{% for value in range(1, 12) %}{% do rows.append('select ' ~ value ~ ' as x') %}{% endfor %}
{% set to_10 = ' from (' ~ rows[:10] | join(' union all ') ~ ') as numbers)' %}
{% set to_11 = ' from (' ~ rows | join(' union all ') ~ ') as numbers)' %}
{% set cases = [
    ('centile 90 of 1 to 10', '(select ' ~ percentile_disc(0.9, 'x') ~ to_10, '9'),
    ('centile 90 of 1 to 11', '(select ' ~ percentile_disc(0.9, 'x') ~ to_11, '10'),
    ('centile 50 of 1 to 10', '(select ' ~ percentile_disc(0.5, 'x') ~ to_10, '5'),
    ('ratio', safe_divide('1', '4'), '0.25'),
    ('ratio to nothing', safe_divide('1', '0'), none),
    ('ratio to the unknown', safe_divide('1', 'null'), none),
    ('week of a Sunday', period_start('week', "date '2026-01-04'"), '2025-12-29'),
    ('week of a Monday', period_start('week', "date '2026-01-05'"), '2026-01-05'),
    ('month', period_start('month', "timestamp '2026-03-31 23:59:59'"), '2026-03-01'),
    ('quarter', period_start('quarter', "date '2026-06-30'"), '2026-04-01'),
    ('day', period_start('day', "timestamp '2026-03-31 23:59:59'"), '2026-03-31'),
    ('weekday of a Sunday', iso_weekday("date '2026-01-04'"), '7'),
    ('weekday of a Monday', iso_weekday("date '2026-01-05'"), '1'),
    ('financial year ends', financial_year("date '2026-03-31'"), '2025/26'),
    ('financial year begins', financial_year("date '2026-04-01'"), '2026/27'),
    ('financial year of the century', financial_year("date '1999-12-31'"), '1999/00'),
    ('day after', days_add(1, "date '2024-02-28'"), '2024-02-29'),
    ('day before', days_add(-1, "date '2026-03-01'"), '2026-02-28'),
    ('seconds round down', seconds_between("timestamp '2026-01-01 00:00:00.9'", "timestamp '2026-01-01 00:00:02.8'"), '1'),
    ('minutes round down below zero', minutes_between("timestamp '2026-01-01 00:01:00'", "timestamp '2026-01-01 00:00:30'"), '-1'),
    ('the hour skipped in spring', local_to_utc("timestamp '2026-03-29 01:30:00'"), '2026-03-29 01:30:00'),
    ('summer time on its last morning', local_to_utc("timestamp '2026-09-30 23:59:59'"), '2026-09-30 22:59:59'),
    ('summer time until the clock goes back', local_to_utc("timestamp '2026-10-25 00:59:59'"), '2026-10-24 23:59:59'),
    ('the first of two equal hours', local_to_utc("timestamp '2026-10-25 01:30:00'"), '2026-10-25 00:30:00'),
    ('the second of two equal hours', local_to_utc("timestamp '2026-10-25 01:30:00'", "timestamp '2026-10-25 00:40:00'"), '2026-10-25 01:30:00'),
    ('winter time after the clock went back', local_to_utc("timestamp '2026-10-25 02:00:00'"), '2026-10-25 02:00:00'),
    ('April is summer time', local_to_utc("timestamp '2026-04-01 00:30:00'"), '2026-03-31 23:30:00'),
    ('March is summer time at its end', local_to_utc("timestamp '2026-03-31 23:30:00'"), '2026-03-31 22:30:00'),
    ('no summer time in February', local_to_utc("timestamp '2026-02-28 12:00:00'"), '2026-02-28 12:00:00'),
    ('summer time through the winter of 1970', local_to_utc("timestamp '1970-01-15 12:00:00'"), '1970-01-15 11:00:00'),
    ('no time, no moment', local_to_utc('cast(null as timestamp)'), none),
    ('the clock of a winter moment', utc_to_local("timestamp '2026-11-01 00:30:00'"), '2026-11-01 00:30:00'),
    ('the clock of a summer moment', utc_to_local("timestamp '2026-09-30 23:30:00'"), '2026-10-01 00:30:00'),
    ('the clock has gone back', utc_to_local("timestamp '2026-10-25 01:00:00'"), '2026-10-25 01:00:00'),
    ('the clock has gone forward', utc_to_local("timestamp '2026-03-29 01:00:00'"), '2026-03-29 02:00:00'),
    ('a part is no full match', regex_full_match("'xRAJx'", 'RAJ'), 'false'),
    ('nothing to extract', regex_extract("'abc'", '[0-9]+'), none),
    ('first group', regex_extract("'ab12cd34'", '[a-z]+([0-9]+)', 1), '12'),
    ('text that is no number', try_cast("'12a'", 'integer'), none),
    ('an empty NHS number', nhs_number_clean("' - '"), none),
    ('nobody is shown', suppress('0'), '0'),
    ('one is hidden', suppress('1'), '*'),
    ('seven is hidden', suppress('7'), '*'),
    ('eight is rounded', suppress('8'), '10'),
    ('twelve is rounded down', suppress('12'), '10'),
    ('a half is rounded up', suppress('12.5'), '15'),
    ('an average of seven and less than a half is hidden', suppress('7.49'), '*'),
    ('an average of seven and a half is not', suppress('7.5'), '10'),
    ('nearly nobody is hidden', suppress('0.01'), '*'),
    ('a small lack is hidden', suppress('-3'), '*'),
    ('no count is none', suppress('cast(null as double)'), none),
    ('nobody is zero', value_status('0'), 'zero'),
    ('seven is suppressed', value_status('7'), 'suppressed'),
    ('eight is ok', value_status('8'), 'ok'),
    ('no count is not applicable', value_status('cast(null as double)'), 'not_applicable'),
    ('null is no NHS number', nhs_number_is_valid('cast(null as ' ~ dbt.type_string() ~ ')'), 'false'),
] %}
select
    case_name,
    got,
    expected
from (
    {% for name, got, expected in cases %}
    select
        '{{ name }}' as case_name,
        cast({{ got }} as {{ dbt.type_string() }}) as got,
        {{ "'" ~ expected ~ "'" if expected is not none else 'null' }} as expected
    {{ 'union all' if not loop.last }}
    {% endfor %}
) as cases
where coalesce(got, 'null') <> coalesce(expected, 'null')
