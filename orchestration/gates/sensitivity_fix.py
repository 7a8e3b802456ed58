"""Fills in `meta.sensitivity` where a column does not say it, or says less than what it is made of.

A first answer for a person to review: the level that column lineage brings, and what the name says. It never lowers,
and changes nothing but these words: comments and layout of the YAML stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.gates.nodes import models, place
from orchestration.gates.sensitivity import NAMES, Levels, columns_of, higher, said
from orchestration.lineage import Lineage
from orchestration.settings import PROJECT


def fill_in(manifest: dict, lineage: Lineage, project: Path = PROJECT) -> tuple[int, list[str]]:
    """Write the missing levels into the YAML of the models. Returns how many, and what has to be done by hand."""
    levels, wanted = Levels(manifest, lineage), {}
    for node in models(manifest):
        if said(node):
            for column in columns_of(node, lineage):
                at = (node["unique_id"], column)
                declared = levels.declared(at)
                needed = higher(levels.least(at)[0], declared or by_name(column))
                if declared != needed and not levels.is_declassified(at):
                    wanted.setdefault(place(node), {})[node["name"], column] = needed
    done, by_hand = 0, []
    for file, columns in sorted(wanted.items()):
        path = project / file
        if path.suffix not in (".yml", ".yaml"):
            by_hand += [f"{file}: {model} is in no YAML file" for model, _ in columns]
            continue
        text, written, left = with_levels(path.read_text(encoding="utf-8"), columns)
        if written:
            path.write_text(text, encoding="utf-8", newline="\n")
        done += written
        by_hand += [f"{file}: {model}.{column}: declare {columns[model, column]}" for model, column in left]
    return done, by_hand


def by_name(column: str) -> str:
    return next((level for level, pattern in NAMES if pattern.search(column)), "none")


def with_levels(text: str, columns: dict[tuple[str, str], str]) -> tuple[str, int, list[tuple[str, str]]]:
    """(text with the levels in it, how many were written, those for which there was no place)."""
    import yaml

    wanted: dict[int, tuple[Any, str]] = {}
    left = dict(columns)
    for model, column, node in _columns(yaml.compose(text)):
        level = left.pop((model, column), None)
        if level is not None:  # models that share their columns through an anchor share what is said of them
            wanted[id(node)] = node, higher(level, wanted.get(id(node), (node, level))[1])
    for start, end, replacement in sorted((_edit(text, *its) for its in wanted.values()), reverse=True):
        text = text[:start] + replacement + text[end:]
    return text, len(wanted), list(left)


def _columns(document: Any) -> Iterator[tuple[str, str, Any]]:
    """(model, column, its mapping) of a composed YAML document."""
    for model in _value(document, "models").value if _value(document, "models") else ():
        columns = _value(model, "columns")
        for column in columns.value if columns else ():
            yield _value(model, "name").value, _value(column, "name").value.lower(), column


def _value(mapping: Any, key: str) -> Any:
    return next((value for name, value in mapping.value if name.value == key), None)


def _edit(text: str, column: Any, level: str) -> tuple[int, int, str]:
    """(start, end, replacement): where the level of a column is written."""
    config = _value(column, "config")
    meta = _value(config, "meta") if config else None
    declared = _value(meta, "sensitivity") if meta else None
    if declared:
        return declared.start_mark.index, declared.end_mark.index, level
    for mapping, words in (
        (meta, f"sensitivity: {level}"),
        (config, f"meta: {{sensitivity: {level}}}"),
        (column, f"config: {{meta: {{sensitivity: {level}}}}}"),
    ):
        if mapping is None:
            continue
        start = mapping.start_mark.index
        if mapping.flow_style and mapping is column:  # name and description first
            end = mapping.end_mark.index - 1
            return end, end, f", {words}"
        if mapping.flow_style:
            return start + 1, start + 1, f"{words}, " if mapping.value else words
        if mapping is column:  # behind the description, where there is one
            after = _value(column, "description") or _value(column, "data_type") or _value(column, "name")
            at = _line_end(text, after)
            return at, at, f"{' ' * column.start_mark.column}{words}\n"
        return start, start, f"{words}\n{' ' * mapping.start_mark.column}"
    raise ValueError("a column without a mapping")


def _line_end(text: str, node: Any) -> int:
    """Where the line after a scalar begins; a block scalar ends there already."""
    end = node.end_mark.index
    if end and text[end - 1] == "\n":
        return end
    found = text.find("\n", end)
    return len(text) if found < 0 else found + 1
