-- The weights of the standard population are those of 100,000 people (F 4.10).
select sum(esp.weight) as weight
from {{ ref('european_standard_population') }} as esp
having sum(esp.weight) <> 100000
