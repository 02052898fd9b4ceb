"""The command line: ``klantstem COMMAND ...``.

Nothing heavy is imported before a command runs, so that help and usage errors come at once.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.tables.tagging import VerbatimClassifier

COMMANDS = ("classify", "root_causes", "serve", "keys")
"""Modules in ``service.commands``, in the order of the help."""

_TWO_WORDS = (("root-causes", "assign"),)
"""Commands of two words, which the parser knows as one."""

EXIT_OK, EXIT_ROWS_FAILED, EXIT_ERROR = 0, 1, 2
EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_PIPE_CLOSED = 130, 143, 141

BundleLoader = Callable[[Path | None, int | None], "VerbatimClassifier"]


class Terminated(KeyboardInterrupt):
    """The system asked the process to end; handled like Ctrl-C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the commands get from outside; tests put a fake in its place.

    ``load_classifier`` takes the folder of a bundle (None: the released one) and the number of
    threads (None: all cores).
    """

    load_classifier: BundleLoader


def load_released(folder: Path | None, n_threads: int | None) -> VerbatimClassifier:
    """Load a bundle, as :func:`models.load_bundle` does."""
    from models.bundle import load_bundle

    return load_bundle(folder, n_threads=n_threads)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all commands."""
    parser = argparse.ArgumentParser(
        prog="klantstem",
        description="Reads what customers write, in Dutch and English: topic, sentiment and the "
        "department that owns the cause.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"service.commands.{name}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None, *, context: Context | None = None) -> int:
    """Run a command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the arguments of the process.
    context : Context, optional
        Default: the released bundle.

    Returns
    -------
    int
        0 all is well, 1 finished but some rows failed, 2 usage or file error, 130 interrupted.
    """
    try:
        arguments = build_parser().parse_args(_join_words(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_ERROR
    context = context or Context(load_classifier=load_released)
    previous = _listen_to_sigterm()
    try:
        status: int = arguments.run(arguments, context)
        sys.stdout.flush()
    except Terminated:
        return EXIT_TERMINATED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _mute_stdout()
        return EXIT_PIPE_CLOSED
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)
    return status


def _join_words(argv: Sequence[str]) -> list[str]:
    """The arguments, a command of two words made one."""
    head = tuple(argv[:2])
    return [" ".join(head), *argv[2:]] if head in _TWO_WORDS else list(argv)


class _Version(argparse.Action):
    """Prints the version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("klantstem")
        except PackageNotFoundError:
            found = "(not installed)"
        sys.stdout.write(f"klantstem {found}\n")
        parser.exit()


def _listen_to_sigterm() -> signal.Handlers | Callable[..., object] | int | None:
    """Turn SIGTERM into an exception; returns what to restore, or None outside the main thread."""

    def stop(*_: object) -> None:
        raise Terminated

    try:
        return signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return None


def _mute_stdout() -> None:
    """Keep the interpreter from writing to a closed pipe once more at its end."""
    import os

    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
