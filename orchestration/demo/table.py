"""A table is a dict of equally long numpy arrays: light, quick and plain."""

from __future__ import annotations

import zlib

import numpy as np

Table = dict[str, np.ndarray]


def rng_for(seed: int, purpose: str) -> np.random.Generator:
    """A random stream of its own for each purpose, so that a change in one place leaves the others alone."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def size(table: Table) -> int:
    return len(next(iter(table.values())))


def take(table: Table, which: np.ndarray) -> Table:
    return {name: column[which] for name, column in table.items()}


def concat(tables: list[Table]) -> Table:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def words(values: list[str] | tuple[str, ...]) -> np.ndarray:
    """Texts as an object array."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def listed(text: str, separator: str | None = None) -> np.ndarray:
    """Texts that are written in one, as an object array."""
    return words(text.split(separator))


def choose(rng: np.random.Generator, options: dict[str, float], count: int) -> np.ndarray:
    """Codes drawn by their weights."""
    weights = np.cumsum(np.array(list(options.values()), dtype=float))
    return words(list(options))[np.searchsorted(weights, rng.random(count) * weights[-1], side="right")]


def nat(count: int) -> np.ndarray:
    return np.full(count, np.datetime64("NaT"), dtype="datetime64[s]")


def seconds(values: np.ndarray) -> np.ndarray:
    return np.round(values).astype("int64").astype("timedelta64[s]")


def minutes(values: np.ndarray) -> np.ndarray:
    return seconds(np.round(values) * 60)
