-- One row per change of a request for a package of care in Southend-on-Sea: how the request stands from
-- then on, standard codes.
{{ staged_package_requests('southend', 'brokerage_journal') }}
