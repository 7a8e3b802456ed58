{#-
  A name for comparison: upper case, letters only, so that O'Brien, OBRIEN and O BRIEN agree, and so do Nuñez and Nunez.
  Null where no letter is left.
-#}
{% macro name_key(value) -%}
    {%- set plain = "translate(upper(" ~ value ~ "), 'ÀÁÂÃÄÅĀĂĄÇĆČĎÈÉÊËĒĖĘĚÌÍÎÏĪĮİŁÑŃŇÒÓÔÕÖØŌŐŔŘŚŠŞȘŤȚÙÚÛÜŪŮŰŲÝŸŹŻŽ', 'AAAAAAAAACCCDEEEEEEEEIIIIIIILNNNOOOOOOOORRSSSSTTUUUUUUUUYYZZZ')" -%}
    nullif({{ regex_replace(plain, '[^A-Z]') }}, '')
{%- endmacro %}

{#- A key of a name that names somebody: not BABY, UNKNOWN and whatever else stands where a name is not known yet. -#}
{% macro known_name(key) -%}
    case
        when not {{ is_one_of(key, ['BABY', 'BABYBOY', 'BABYGIRL', 'BABYOF', 'BOY', 'GIRL', 'INFANT', 'NEWBORN', 'TWIN', 'TWINONE', 'TWINTWO', 'MALE', 'FEMALE', 'MR', 'MRS', 'MISS', 'MS', 'UNKNOWN', 'NOTKNOWN', 'NK', 'NA', 'TEST', 'PATIENT']) }}
            then {{ key }}
    end
{%- endmacro %}
