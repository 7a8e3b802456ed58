"""A macro of the project called alone, without dbt. It must not use what another macro returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jinja2

from orchestration.settings import PROJECT


class _Returned(Exception):
    def __init__(self, value: Any):
        self.value = value


def macro(file: str, name: str, **known: Any) -> Callable[..., Any]:
    """The macro `name` of macros/`file`. `known`: what dbt would give it, such as `exceptions`."""

    def give_back(value: Any) -> None:
        raise _Returned(value)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= known | {"return": give_back}
    written = getattr(environment.from_string((PROJECT / "macros" / file).read_text(encoding="utf-8")).module, name)

    def call(*arguments: Any) -> Any:
        try:
            return written(*arguments)
        except _Returned as returned:
            return returned.value

    return call
