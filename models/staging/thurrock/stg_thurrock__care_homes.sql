-- One row per care home in the area of Thurrock Council and census, newest extract of each: beds and
-- vacancies by kind, side by side.
{{ staged_care_homes('thurrock') }}
