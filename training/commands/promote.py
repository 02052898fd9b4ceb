"""``klantstem-train promote``: put a bundle that passed the gate in place."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_EPILOG = """\
TARGET is a folder of promoted bundles, made if there is none. A service started with
KLANTSTEM_BUNDLE=TARGET goes over to the new bundle within KLANTSTEM_BUNDLE_POLL_S seconds (or on
SIGHUP), without dropping a request. Each switch is a line in TARGET/history.jsonl.

The gate report must be of exactly these two bundles; the first bundle of a folder needs none.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "promote",
        help="put a bundle that passed the gate in place",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("candidate", type=Path, help="bundle; it is copied")
    parser.add_argument("target", type=Path, help="folder of promoted bundles")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="gate report (default: CANDIDATE.gate.json)"
    )
    parser.add_argument("--force", action="store_true", help="go without a passed gate")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the report, put the bundle in place, and say so."""
    from training.gate.report import default_report, read_outcome
    from training.promotion import promote

    path = args.report or default_report(args.candidate)
    outcome = read_outcome(path) if args.report or path.exists() else None
    switch = promote(args.candidate, args.target, outcome=outcome, is_forced=args.force)
    before = f", before: {switch.before}" if switch.before else ""
    forced = " without a passed gate" if switch.is_forced else ""
    print(f"{args.target}: {switch.bundle_version} is in place{forced}{before}")
    return 0
