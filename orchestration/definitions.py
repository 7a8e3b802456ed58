"""Entry of the Dagster code location: `bihub dev`, which is `dagster dev` with everything in the hub's home.

Nothing is read or written when this module is imported; the definitions are made when Dagster asks for them.
"""

import dagster as dg


@dg.definitions
def definitions() -> dg.Definitions:
    from orchestration.dagster_defs.build import build_definitions
    from orchestration.dagster_defs.manifest import load_manifest
    from orchestration.lineage import load_lineage
    from orchestration.settings import load_settings

    settings = load_settings()
    manifest = load_manifest(settings, may_compile=not inside_a_run())
    return build_definitions(settings, manifest, load_lineage(settings, manifest))


def inside_a_run() -> bool:
    """A run or a step makes the definitions again: it must see what the code location saw, and never compile."""
    # No public name says so in 1.13; tests/orchestration/test_definitions.py holds this one to its meaning.
    from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType

    return DefinitionsLoadContext.get().load_type == DefinitionsLoadType.RECONSTRUCTION
