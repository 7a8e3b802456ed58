-- One row per request for a package of care and weekly list of Thurrock Council that names it, standard
-- codes.
{{ staged_package_requests('thurrock', 'packages_awaited') }}
