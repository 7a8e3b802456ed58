"""The data dictionary: a static site, opened from disk, that says what feeds, tables, columns and measures mean.

Everything in it is read from where it is true: contracts, dbt's manifest, the built warehouse, column lineage. No row
of data is in it; example records are invented from the contracts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.contracts import load_contracts
from orchestration.dictionary.model import Dictionary
from orchestration.dictionary.reader import made_from, read_dictionary
from orchestration.dictionary.words import cadence, duration
from orchestration.reuse import link_folder, note_folder
from orchestration.settings import Settings

TEMPLATES = Path(__file__).parent.parent / "templates"
ASSETS = ("style.css", "site.js", "lineage.js")
DBT_DOCS = "dbt_docs.html"


def build_dictionary(settings: Settings, out: Path, manifest: dict | None = None, earlier: Path | None = None) -> Path:
    """Write the site into `out` (made, or written over) and return its first page.

    `manifest`: dbt's, with compiled SQL (default: that of the last build). `earlier`: a folder with the site as it was
    made before; where it would come out the same, its files are linked. Raises ValueError where nothing is built.
    """
    source = made_from(settings) if manifest is None else None
    if source and earlier and link_folder(earlier, out, source):
        return out / "index.html"
    dictionary = read_dictionary(settings, manifest, load_contracts())
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages(dictionary):
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    for name in ASSETS:
        (out / name).write_text((TEMPLATES / name).read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    (out / DBT_DOCS).write_text(dbt_docs(dictionary), encoding="utf-8", newline="\n")
    if source:
        note_folder(out, source)
    return out / "index.html"


def pages(dictionary: Dictionary) -> Iterable[tuple[str, str]]:
    """(file name, text) of every page."""
    environment = _environment(dictionary)

    def page(template: str, **about: Any) -> str:
        return environment.get_template(template).render(site=dictionary, **about)

    yield "index.html", page("index.html", here="home")
    yield "measures.html", page("measures.html", here="measures")
    yield "feeds.html", page("feeds.html", here="feeds")
    yield "tables.html", page("tables.html", here="tables")
    yield "lineage.html", page("lineage.html", here="lineage")
    for feed in dictionary.feeds:
        yield feed.page, page("feed.html", feed=feed, here="feeds")
    for table in dictionary.tables:
        yield table.page, page("table.html", table=table, here="tables")
    yield "search_index.js", f"window.SEARCH = {_script(dictionary.search_entries())};\n"
    yield "lineage_data.js", f"window.LINEAGE = {_script(dictionary.lineage_data())};\n"


def _environment(dictionary: Dictionary):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markdown_it import MarkdownIt
    from markupsafe import Markup, escape

    markdown = MarkdownIt("commonmark", {"html": False})
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = lambda text: Markup(markdown.render(text or ""))
    environment.filters["inline"] = lambda text: Markup(markdown.renderInline(text or ""))
    environment.filters["breakable"] = cache(
        lambda text: Markup(re.sub(r"([._])(?=\w)", r"\1<wbr>", str(escape(text))))
    )
    environment.filters["cadence"] = cadence
    environment.filters["duration"] = duration
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.globals["link"] = dictionary.link
    return environment


def _script(value: Any) -> str:
    """JSON that may stand in a script: no text in it can end the script."""
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/").replace("\u2028", "\\u2028")
    )


def dbt_docs(dictionary: Dictionary) -> str:
    """dbt's own documentation in one file, as `dbt docs generate --static` makes it, without starting dbt again."""
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    catalog = {
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"},
        "nodes": {table.node_id: _catalog_entry(table) for table in dictionary.tables if not table.is_source},
        "sources": {table.node_id: _catalog_entry(table) for table in dictionary.tables if table.is_source},
        "errors": None,
    }
    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    page = page.replace('"MANIFEST.JSON INLINE DATA"', _script(dictionary.manifest))
    return page.replace('"CATALOG.JSON INLINE DATA"', _script(catalog))


def _catalog_entry(table) -> dict:
    columns = {
        column.name: {"type": column.type, "index": position, "name": column.name, "comment": None}
        for position, column in enumerate(table.columns, start=1)
    }
    return {
        "metadata": {"type": table.kind, "schema": table.schema, "name": table.name, "database": None, "comment": None},
        "columns": columns,
        "stats": {},
        "unique_id": table.node_id,
    }
