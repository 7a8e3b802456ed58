-- One row per request for a package of care and weekly list of Essex County Council that names it,
-- standard codes.
{{ staged_package_requests('essex', 'packages_awaited') }}
