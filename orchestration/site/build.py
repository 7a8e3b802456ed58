"""Making the site: pages from templates, beside the published set whose numbers they show."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from orchestration.settings import Settings

HERE = Path(__file__).parent
ASSETS = ("nhsuk-frontend.min.css", "NHSUK-FRONTEND-LICENCE.txt", "site.css", "site.js")


def build_site(settings: Settings, folder: Path, out: Path | None = None) -> Path:
    """Write the pages of the published set in `folder` into `out` (default: folder/site) and return the first page.

    Raises ValueError where the set has no quality marts, which say which moment it describes.
    """
    from orchestration.site.data import Published
    from orchestration.site.pages import Site, pages

    out = out or folder / "site"
    out.mkdir(parents=True, exist_ok=True)
    with Published(folder) as published:
        site = Site(published, is_demo=is_demo(settings), dictionary=dictionary_link(folder, out))
        environment = environment_of(site)
        for name, template, about in pages(site):
            text = environment.get_template(template).render(site=site, file=name, **about)
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    (out / "assets").mkdir(exist_ok=True)
    for name in ASSETS:
        shutil.copyfile(HERE / "assets" / name, out / "assets" / name)
    return out / "index.html"


def is_demo(settings: Settings) -> bool:
    """The demo partners leave the truth beside the files that they play; no real partner does."""
    return (settings.landing.parent / "truth").is_dir()


def dictionary_link(folder: Path, out: Path) -> str | None:
    """From a page to the dictionary of the same set; None where it has none."""
    dictionary = folder / "dictionary"
    return Path(os.path.relpath(dictionary, out)).as_posix() if (dictionary / "measures.html").exists() else None


def environment_of(site: Any):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from orchestration.site import svg, words

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        nhsuk=nhsuk,
        sparkline=svg.sparkline,
        run_chart=svg.run_chart,
        variation_sign=svg.variation_sign,
        assurance_sign=svg.assurance_sign,
        legend_shape=svg.legend_shape,
    )
    environment.filters.update(
        shown=words.shown,
        day=words.day,
        short_day=words.short_day,
        clock=words.clock,
        month=words.month,
        age=words.age,
        humane=words.humane,
        count=lambda number: words.number(number or 0),
        attributes=lambda pairs: Markup(" ".join(f'{escape(name)}="{escape(value)}"' for name, value in pairs.items())),
    )
    return environment


def nhsuk(component: str, **params: Any) -> Markup:
    """A component of the NHS design system, from its own template."""
    return Markup(_nhsuk_template(component).render(params=params).strip())


@cache
def _nhsuk_template(component: str):
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("nhsuk_frontend_jinja"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(f"nhsuk/components/{component}/template.jinja")
