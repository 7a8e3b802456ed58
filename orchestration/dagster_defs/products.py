"""The ends of the graph: the moment that a build describes, the published products, and the reports that read them."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import dagster as dg

from orchestration.dagster_defs import describe
from orchestration.dagster_defs.guard import POOL, one_writer
from orchestration.settings import Settings

BUILDING = "dagster_build.json"


def moment_assets(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """What the hub knows of itself (sources `hub`): the ledger of batches, and the moment that a build describes."""
    sources = {s["name"]: s for s in manifest["sources"].values() if s["source_name"] == "hub"}
    feeds = [describe.asset_key(s) for s in manifest["sources"].values() if s["source_name"] != "hub"]
    specs = []
    for name, source in sorted(sources.items()):
        specs.append(
            dg.AssetSpec(
                key=describe.asset_key(source),
                # The moment follows from the ledger, and the ledger from the feeds.
                deps=feeds if name == "batch" else [describe.asset_key(sources["batch"])],
                description=describe.description(source),
                group_name=describe.group(source),
                owners=describe.owners(manifest, source),
                kinds=describe.kinds(source),
                tags={"layer": "ledger"},
                freshness_policy=describe.DAILY,
                metadata={
                    "dagster/column_schema": describe.column_schema(source),
                    "dagster/table_name": f"{source['schema']}.{source['name']}",
                    **describe.code_references(source),
                },
            )
        )

    @dg.multi_asset(specs=specs, name="set_the_moment", pool=POOL)
    def set_the_moment(context: dg.AssetExecutionContext):
        with one_writer(settings, "Setting the moment"):
            newest = set_moment(settings)
        batches = sum(1 for _ in settings.raw.glob("*/*/batch=*/batch.json"))
        for spec in specs:
            counted = {"dagster/row_count": batches} if spec.key.path[-1] == "batch" else {"as of": newest}
            yield dg.MaterializeResult(asset_key=spec.key, metadata=counted)

    return set_the_moment


def set_moment(settings: Settings) -> str:
    """The next build describes the newest received batch; what will be published is named now, because what the command
    line takes in before the last step is not in it."""
    from orchestration.files import write_json_atomically
    from orchestration.pipeline import newest_received, version_of
    from orchestration.publish import record_run_context

    newest = newest_received(settings)
    if newest is None:
        raise dg.Failure("No file was accepted yet: run the job ingest_feeds first.", allow_retries=False)
    record_run_context(settings, newest)
    write_json_atomically(settings.audit / BUILDING, {"as_of": newest, "version": version_of(settings, newest)})
    return newest


def products_of(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Node ids of the published tables, by the folder of their product: secondary_use/uec, open/uec."""
    from orchestration.publish import products

    found: dict[str, list[str]] = {}
    for product in products(manifest):
        found.setdefault(str(PurePosixPath(product.file).parent), []).append(product.node_id)
    return found


def published_key(folder: str) -> dg.AssetKey:
    """published/uec for what is in secondary_use, the usual store; published/open/uec for what anybody may read."""
    from orchestration.publish import STORE

    store, _, product = folder.partition("/")
    return dg.AssetKey(["published", product] if store == STORE else ["published", store, product])


def published_assets(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition | None:
    """One asset a product; all products change in one swap. None while no mart is public."""
    made_of = products_of(manifest)
    if not made_of:
        return None
    specs = [
        dg.AssetSpec(
            key=published_key(folder),
            deps=[describe.asset_key(manifest["nodes"][node]) for node in nodes],
            description=(
                f"The data product '{folder}' as readers see it: {len(nodes)} tables in Parquet with a dictionary. "
                "A complete, checked set replaces the last one in one step; a failed check leaves it as it was."
            ),
            group_name=describe.PUBLISHED,
            owners=describe.owners(manifest, manifest["nodes"][nodes[0]]),
            kinds={"parquet"},
            tags={"layer": "published", "store": folder.partition("/")[0]},
            freshness_policy=describe.DAILY,
            metadata={
                "tables": dg.MetadataValue.md(_tables(manifest, nodes)),
                "read it at": f"published/{folder}/",
            },
        )
        for folder, nodes in sorted(made_of.items())
    ]

    @dg.multi_asset(specs=specs, name="publish_products", pool=POOL)
    def publish_products(context: dg.AssetExecutionContext):
        from orchestration.publish import PublishRefused

        with one_writer(settings, "Publishing", PublishRefused):
            published, warnings = publish_what_is_built(settings)
        for warning in warnings:
            context.log.warning(warning)
        yield from materialisations(manifest, published)

    return publish_products


def materialisations(manifest: Mapping[str, Any], published: Any) -> Iterator[dg.MaterializeResult]:
    """One result a product of a set that went live."""
    for folder in sorted(products_of(manifest)):
        rows = {
            PurePosixPath(file).stem: count
            for file, count in published.files.items()
            if str(PurePosixPath(file).parent) == folder
        }
        table = ["| Table | Rows |", "|---|---|", *(f"| {name} | {count:,} |" for name, count in sorted(rows.items()))]
        yield dg.MaterializeResult(
            asset_key=published_key(folder),
            metadata={
                "dagster/row_count": sum(rows.values()),
                "as of": published.as_of,
                "version": published.version,
                "rows by table": dg.MetadataValue.md("\n".join(table)),
            },
        )


def why_not_stale(settings: Settings) -> str | None:
    """Why there is nothing to publish again; None where there is."""
    from orchestration.pipeline import newest_received, version_of
    from orchestration.publish import live_set

    newest = newest_received(settings)
    if newest is None:
        return "No file was accepted yet."
    live = live_set(settings)
    if live and live["version"] == version_of(settings, newest):
        return "What is published already describes the newest batch under the rules in force."
    return None


def publish_what_is_built(settings: Settings) -> tuple[Any, list[str]]:
    """Publish the warehouse as it stands, at its own moment; the name follows from moment, batches and rules."""
    from orchestration.files import read_json
    from orchestration.gates.sensitivity import refuse_identity
    from orchestration.pipeline import add_pages, remember_run, version_of
    from orchestration.publish import publish

    as_of = read_json(settings.run_context)["as_of"]
    building = read_json(settings.audit / BUILDING) or {}
    version = building["version"] if building.get("as_of") == as_of else version_of(settings, as_of)
    warnings: list[str] = []
    refuse_identity(settings)
    published = publish(
        settings, as_of=as_of, version=version, decorate=lambda folder: add_pages(settings, folder, warnings)
    )
    remember_run(settings, as_of, version)
    return published, warnings


def _tables(manifest: Mapping[str, Any], nodes: list[str]) -> str:
    rows = ["| Table | One row is |", "|---|---|"]
    for node in nodes:
        said = (manifest["nodes"][node].get("description") or "").split(". ")[0].replace("\n", " ").replace("|", "/")
        rows.append(f"| {manifest['nodes'][node]['alias']} | {said} |")
    return "\n".join(rows)


def report_specs(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """dbt exposures: reports that others keep, downstream of the published product that they read."""
    published = {node: published_key(folder) for folder, nodes in products_of(manifest).items() for node in nodes}
    specs = []
    for exposure in manifest.get("exposures", {}).values():
        read = [node for node in exposure["depends_on"]["nodes"] if node in manifest["nodes"]]
        owner = exposure["owner"].get("email")
        specs.append(
            dg.AssetSpec(
                key=["report", exposure["name"]],
                deps=sorted({published.get(node, describe.asset_key(manifest["nodes"][node])) for node in read}),
                description=exposure.get("description") or exposure.get("label") or exposure["name"],
                group_name=describe.REPORTS,
                owners=[owner] if owner else [describe.STEWARDS],
                kinds={{"dashboard": "powerbi", "ml": "ml", "application": "app"}.get(exposure["type"], "report")},
                tags={"layer": "report"},
                metadata={
                    "no freshness because": "A report of others: it is as fresh as the product that it reads.",
                    "reads": dg.MetadataValue.md(
                        "\n".join(
                            f"- {'.'.join(describe.asset_key(manifest['nodes'][node]).path)}" for node in sorted(read)
                        )
                    ),
                    **({"link": dg.MetadataValue.url(exposure["url"])} if exposure.get("url") else {}),
                },
            )
        )
    return specs
