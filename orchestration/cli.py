"""The command `bihub`: play the demo partners, run the hub, look at it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from orchestration.settings import PROJECT, Settings, load_settings


def moment(text: str) -> str:
    """A timestamp such as 2026-10-31 or 2026-10-31T08:00; a bare date means the end of that day."""
    try:
        if len(text) == 10:
            return f"{date.fromisoformat(text)} 23:59:59"
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a timestamp: write 2026-10-31 or 2026-10-31T08:00") from None
    if parsed.tzinfo:
        raise argparse.ArgumentTypeError(f"'{text}' has a time zone: write the local clock, without an offset")
    return parsed.strftime("%Y-%m-%d %H:%M:%S")


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="bihub", description="The BI Hub: partner files in, trusted numbers out.")
    top.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    commands = top.add_subparsers(dest="command", required=True)

    demo = commands.add_parser(
        "demo", help="play the demo partners: files as they would send them, and the truth beside"
    )
    demo.add_argument("--residents", type=positive, default=20_000)
    demo.add_argument("--months", type=positive, default=24)
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--out", type=Path, help="folder for landing/ and truth/ (default: the home)")

    home = argparse.ArgumentParser(add_help=False)
    home.add_argument(
        "--home", type=Path, help="folder that holds everything the hub writes (default: BIHUB_HOME, ./data)"
    )
    landing = argparse.ArgumentParser(add_help=False)
    landing.add_argument("--landing", type=Path, help="folder with one sub-folder per partner (default: HOME/landing)")

    run = commands.add_parser("run", parents=[home, landing], help="take files in, build, check, publish, and sum up")
    run.add_argument("--as-of", type=moment, help="describe a past moment: ignore everything received later")
    run.add_argument(
        "--no-judge", action="store_true", help="leave out the comparison of batches with their feed's history"
    )

    run.add_argument("--full", action="store_true", help="build everything, not only what changed")

    commands.add_parser("ingest", parents=[home, landing], help="only take files in, and what is new in databases")
    built = commands.add_parser(
        "build", parents=[home], help="only build and check the warehouse, as of the last run's moment"
    )
    built.add_argument("--full", action="store_true", help="build everything, not only what changed")
    gates = commands.add_parser(
        "gates", parents=[home], help="check the house: layers, dictionary, clocks, tests, contracts, sensitivity"
    )
    gates.add_argument(
        "--fix-sensitivity", action="store_true", help="write meta.sensitivity where columns lack it, then review it"
    )
    commands.add_parser("dictionary", parents=[home], help="make the data dictionary of the built warehouse again")
    commands.add_parser("site", parents=[home], help="make the pages of the published set again, beside the live ones")
    commands.add_parser("score", parents=[home], help="compare the links that the hub found with a demo's truth")
    commands.add_parser(
        "leaks", parents=[home], help="look for what identifies people in everything outside the identifiable zone"
    )
    record = commands.add_parser(
        "record", parents=[home], help="one person's record, for direct care: asks for the NHS number, logs who looked"
    )
    record.add_argument("--role", required=True, help="as what you look, a role of seeds/access_matrix.csv")
    record.add_argument("--reason", required=True, help="why you look, in words, without naming the person")
    record.add_argument("--since", type=date.fromisoformat, help="only events from this day on, such as 2026-01-31")
    dev = commands.add_parser("dev", parents=[home, landing], help="open the Dagster UI on http://127.0.0.1:3000")
    dev.add_argument("--port", type=positive, default=3000)
    commands.add_parser(
        "env", parents=[home], help="print the variables that plain dbt and dagster need, to eval in a shell"
    )
    linkage = commands.add_parser("linkage", parents=[home], help="the weights by which records find their person")
    linkage.add_argument(
        "action",
        choices=["train", "charts"],
        help="train: new weights from this hub's records; charts: Splink's charts of the weights in use",
    )
    linkage.add_argument("--to", type=Path, help="file for the weights (default: HOME/linkage/linkage_weight.csv)")
    contract = commands.add_parser("contract", help="look at feed contracts")
    contract.add_argument(
        "action",
        choices=["check", "export"],
        help="check: every contract is valid; export: Open Data Contract Standard",
    )
    contract.add_argument("feed", nargs="?", help="for export: partner.table")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 refused or failed with a message, 2 wrong words."""
    arguments = parser().parse_args(argv)
    settings = load_settings(getattr(arguments, "home", None), getattr(arguments, "landing", None))
    os.environ.update(settings.environment())
    try:
        return COMMANDS[arguments.command](arguments, settings)
    except KeyboardInterrupt:
        print("Stopped. What was accepted stays; run again to go on.", file=sys.stderr)
        return 130
    except Exception as problem:
        if arguments.debug:
            raise
        from orchestration.summary import explain

        print(explain(problem), file=sys.stderr)
        return 1


def run_demo(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.demo import generate
    from orchestration.summary import Stages

    out = (arguments.out or settings.home).resolve()
    with Stages() as stages:
        made = generate(
            arguments.residents,
            arguments.months,
            arguments.seed,
            out,
            progress=lambda what, done, total: stages("demo", what, done, total),
        )
        stages.finish("demo")
    print(made)
    return 0


def run_hub(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.pipeline import run
    from orchestration.summary import Stages, print_summary

    with Stages() as stages:
        result = run(
            settings, as_of=arguments.as_of, progress=stages, judge=not arguments.no_judge, full=arguments.full
        )
    print_summary(result)
    return 0


def run_ingest(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.ingest import ingest
    from orchestration.pipeline import only_one
    from orchestration.summary import Stages, print_ingest

    with only_one(settings), Stages() as stages:
        result = ingest(settings, progress=lambda what, done, total: stages("ingest", what, done, total))
    print_ingest(result, settings)
    return 0


def run_build(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.pipeline import only_one
    from orchestration.publish import failed_checks
    from orchestration.summary import Stages
    from orchestration.warehouse import build

    with only_one(settings), Stages() as stages:
        built = build(settings, lambda what, done, total: stages("build", what, done, total), full=arguments.full)
    failures = failed_checks(settings)
    print(f"{built.nodes} nodes built in {built.seconds:.0f} s; {len(failures)} checks failed.")
    for check, table, rows in failures:
        print(f"  {table}: {check} ({rows} rows)")
    return 1 if failures else 0


def run_gates(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.gates import fix_sensitivity
    from orchestration.gates import run_gates as violations_of

    if arguments.fix_sensitivity:
        written, by_hand = fix_sensitivity(settings)
        print("\n".join([f"{written} levels written: review them, then build again.", *by_hand]))
        return 1 if by_hand else 0
    violations = violations_of(settings)
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations." if violations else "All gates hold.")
    return 1 if violations else 0


def run_dictionary(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.dictionary import build_dictionary

    print(build_dictionary(settings, settings.build / "dictionary"))
    return 0


def run_site(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.publish import live_set
    from orchestration.site import build_site

    if live_set(settings) is None:
        raise ValueError("nothing is published yet: run `bihub run` first")
    print(build_site(settings, settings.published.resolve(), settings.build / "site"))
    return 0


def run_score(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.demo.pathway_score import pathway_scores
    from orchestration.demo.score import link_scores

    print(f"{'link':<20}{'planted':>8}{'found':>8}{'right':>8}{'precision':>11}{'recall':>9}")
    for row in link_scores(settings):
        shares = (f"{share:.4f}" if share is not None else "-" for share in (row.precision, row.recall))
        print("{:<20}{:>8}{:>8}{:>8}{:>11}{:>9}".format(row.link_type, row.truth_links, row.found, row.right, *shares))
    whole = pathway_scores(settings)
    print(
        f"\nOf {whole.chains} planted journeys of two events or more, {whole.exact} are one journey exactly "
        f"(recall {whole.recall}, precision {whole.precision}); {whole.split} are split, {whole.joined} hold more, "
        f"{whole.split_and_joined} both."
    )
    return 0


def run_leaks(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.leaks import scan_home

    report = scan_home(settings)
    for finding in report.findings:
        print(finding)
    print(f"Leak scan: {report}.")
    return 1 if report.findings else 0


def run_record(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.care_record import AccessRefused, access_of, in_words, open_record, read_number

    try:
        access = access_of(arguments.role, arguments.reason)
        record = open_record(settings, read_number(), access, arguments.since)
    except AccessRefused as problem:
        print(f"Not shown: {problem}.", file=sys.stderr)
        return 1
    print("\n".join(in_words(record)))
    return 0


def run_linkage(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.linkage.train import draw, train

    if arguments.action == "train":
        print(f"Weights   {train(settings, seed_file=arguments.to)}")
    else:
        draw(settings)
    print(f"Charts    {settings.home / 'linkage'} (for stewards: pairs of records without what they hold)")
    return 0


def run_dev(arguments: argparse.Namespace, settings: Settings) -> int:
    import subprocess

    from orchestration.dagster_instance import ensure_instance

    ensure_instance(settings)
    environment = os.environ | ({"BIHUB_LANDING": str(settings.landing)} if arguments.landing else {})
    command = [sys.executable, "-m", "dagster", "dev", "--port", str(arguments.port)]
    return subprocess.call(command, cwd=PROJECT, env=environment)


def run_env(arguments: argparse.Namespace, settings: Settings) -> int:
    for name, value in settings.environment().items():
        print(f"export {name}='{value}'" if os.name != "nt" else f"$env:{name} = '{value}'")
    return 0


def run_contract(arguments: argparse.Namespace, settings: Settings) -> int:
    from orchestration.contracts import export_odcs, load_contracts

    contracts = load_contracts()
    if arguments.action == "check":
        print(f"{len(contracts)} contracts are valid.")
        return 0
    import yaml

    chosen = [contract for key, contract in contracts.items() if arguments.feed in (None, ".".join(key))]
    if not chosen:
        raise ValueError(f"no feed is called '{arguments.feed}': choose one of {', '.join(map('.'.join, contracts))}")
    print(yaml.safe_dump_all([export_odcs(contract) for contract in chosen], sort_keys=False, allow_unicode=True))
    return 0


COMMANDS = {
    "demo": run_demo, "run": run_hub, "ingest": run_ingest, "build": run_build, "gates": run_gates,
    "dictionary": run_dictionary, "site": run_site, "score": run_score, "dev": run_dev, "env": run_env,
    "contract": run_contract, "leaks": run_leaks, "linkage": run_linkage,
    "record": run_record,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
