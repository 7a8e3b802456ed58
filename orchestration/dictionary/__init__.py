"""The data dictionary: a static site that says what every feed, table, column and measure means."""

from orchestration.dictionary.site import build_dictionary

__all__ = ["build_dictionary"]
