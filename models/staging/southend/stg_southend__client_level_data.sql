-- Adult social care client level data of Southend-on-Sea City Council: one row per row of a submission (F
-- 2.13), in the words of release 2.
{{ staged_client_level('southend') }}
