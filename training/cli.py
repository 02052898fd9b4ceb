"""The command line: ``klantstem-train COMMAND ...``.

Nothing heavy is imported before a command runs, so that help and usage errors come at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = (
    "base_encoder",
    "fit",
    "export",
    "add_labels",
    "distil",
    "calibrate",
    "align",
    "evaluate",
    "label_errors",
    "next_rows",
    "agreement",
    "gate",
    "promote",
    "rollback",
)
"""Modules in ``training.commands``, in the order of the help."""

EXIT_OK, EXIT_ERROR, EXIT_INTERRUPTED = 0, 2, 130


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all commands."""
    parser = argparse.ArgumentParser(
        prog="klantstem-train",
        description="From labelled verbatims to a better model: train, calibrate, evaluate.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"training.commands.{name}").add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status.

    Returns
    -------
    int
        0 all is well; 1 a command's own finding; 2 bad input, with a message that says what to
        do; 130 interrupted.
    """
    args = build_parser().parse_args(arguments)
    from models.errors import KlantstemError

    try:
        status: int = args.run(args)
    except (KlantstemError, RuntimeError, ValueError, OSError) as error:
        print(f"klantstem-train: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("klantstem-train: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())
