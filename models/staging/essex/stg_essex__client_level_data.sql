-- Adult social care client level data of Essex County Council: one row per row of a submission (F 2.13),
-- in the words of release 2.
{{ staged_client_level('essex') }}
