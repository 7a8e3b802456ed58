"""The pilot's pages: a static site over the published marts, opened from disk without a server or network."""

from orchestration.site.build import build_site

__all__ = ["build_site"]
