-- One row per care home in the area of Southend-on-Sea City Council and census, newest extract of each:
-- beds and vacancies by kind, side by side.
{{ staged_care_homes('southend') }}
