"""One YAML file read with its line numbers; what is wrong with it, in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from orchestration.contracts.keys import FileYaml
from orchestration.settings import PROJECT


class Unreadable(Exception):
    pass


class Marks:
    """The text of one file and the line of every key in it."""

    def __init__(self, path: Path):
        self.path = path
        self.node: yaml.Node | None = None

    @property
    def name(self) -> str:
        try:
            return self.path.relative_to(PROJECT).as_posix()
        except ValueError:
            return self.path.as_posix()

    def line(self, place: tuple[Any, ...]) -> int:
        """Line of the key or item at a place such as ('sources', 0, 'tables', 1, 'name'), or of its nearest parent."""
        node, line = self.node, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def say(self, place: tuple[Any, ...], message: str) -> str:
        """`file:line: table.column.key: message`, naming tables and columns rather than positions."""
        words: list[str] = []
        node = self.node
        for step in place:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), None)
                if step not in ("sources", "tables", "columns", "config", "meta"):
                    words.append(str(step))
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                named = node.value if isinstance(node, yaml.MappingNode) else []
                words.append(next((value.value for key, value in named if key.value == "name"), f"item {step + 1}"))
            else:
                words.append(str(step))
                node = None
        return f"{self.name}:{self.line(place)}: {'.'.join(words) or 'file'}: {message}"


def read(marks: Marks) -> FileYaml:
    try:
        text = marks.path.read_text(encoding="utf-8")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    except UnicodeDecodeError:
        raise Unreadable([f"{marks.name}:1: the file is not UTF-8; save it as UTF-8"]) from None
    try:
        marks.node = loader.get_single_node()
        if marks.node is None:
            raise Unreadable([f"{marks.name}:1: the file is empty; write a contract or remove it"])
        repeated = [
            f"{marks.name}:{line}: '{key}' is given twice in the same place; keep one"
            for key, line in _repeated(marks.node)
        ]
        if repeated:
            raise Unreadable(repeated)
        data = loader.construct_document(marks.node)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = min(mark.line + 1, len(text.splitlines())) if mark else 1
        raise Unreadable(
            [f"{marks.name}:{line}: this is not YAML: {problem.problem}; check indentation and quotes"]
        ) from None
    try:
        return FileYaml.model_validate(data)
    except ValidationError as problem:
        raise Unreadable(list(dict.fromkeys(_explain(error, marks) for error in problem.errors()))) from None


def _repeated(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)


def _explain(error: dict[str, Any], marks: Marks) -> str:
    place = tuple(
        step
        for step in error["loc"]
        if not (isinstance(step, str) and ("[" in step or step in ("str", "int", "float", "constrained-str")))
    )
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), known, 1, 0.6)
        what = f"unknown key '{place[-1]}'; " + (
            f"did you mean '{near[0]}'?" if near else f"known keys here: {', '.join(known)}"
        )
    elif kind == "missing":
        what = f"'{place[-1]}' is missing; add it (docs/feed-contracts.md says what it means)"
    elif kind in ("string_type", "literal_error") and isinstance(given, bool | int | float):
        what = f'{given!r} is not text; write it in quotes: "{given}"'
        if isinstance(given, int) and not isinstance(given, bool):
            what += " (unquoted, a leading zero or a code such as 0123 is read as a number)"
    elif kind == "literal_error":
        near = difflib.get_close_matches(str(given), re.findall(r"'([^']*)'", error["ctx"]["expected"]), 1, 0.5)
        what = f"'{given}' is not allowed; write {error['ctx']['expected']}" + (
            f" (did you mean '{near[0]}'?)" if near else ""
        )
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        what = f"keys with values belong here, such as `name: ...`, not {str(given)[:60]!r}"
    elif kind == "string_pattern_mismatch":
        what = f"'{given}' is not allowed here; it must match {error['ctx']['pattern']}"
    else:
        what = f"{error['msg'][0].lower()}{error['msg'][1:]}; it says {str(given)[:60]!r}"
    return marks.say(place, what)


def _known_keys(parent: tuple[Any, ...]) -> list[str]:
    """The keys that the contract knows at a place, found by walking the models."""
    model: Any = FileYaml
    for step in parent:
        if isinstance(step, int):
            continue
        annotation = model.model_fields[step].annotation if step in getattr(model, "model_fields", {}) else None
        model = next(
            (inner for inner in _inside(annotation) if isinstance(inner, type) and issubclass(inner, BaseModel)),
            None,
        )
        if model is None:
            return []
    return list(model.model_fields)


def _inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _inside(inner)
