"""``klantstem serve``: the HTTP service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.cli import Context
    from service.settings import Settings

_DESCRIPTION = """\
Serve the HTTP interface. Without any setting it keeps its data in one SQLite file in
~/.klantstem; with KLANTSTEM_DATABASE_URL in PostgreSQL.
"""

_EPILOG = """\
settings come from environment variables KLANTSTEM_...; --settings lists them. Options come
before them.

exit status:
  0 stopped by SIGTERM or Ctrl-C, after finishing what it had accepted
  2 a setting, the bundle, the database or the port cannot be used

examples:
  klantstem keys create --tenant acme --scope classify
  klantstem serve
  KLANTSTEM_DATABASE_URL=postgresql://klantstem@db/klantstem klantstem serve --host 0.0.0.0
"""
_KEEP_ALIVE_S = 75  # above the idle limit of usual load balancers, so that they close first


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="serve the HTTP interface",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    add("--port", metavar="N", type=int, help="port to listen on (8080); 0 takes a free one")
    add("--bundle", metavar="PATH", type=Path, help="bundle to use (default: the released one)")
    add("--threads", metavar="N", type=int, help="verbatims encoded at a time")
    add("--data-dir", metavar="PATH", type=Path, help="folder of the embedded database")
    add("--log-format", choices=("json", "console"), help="of the log on stderr (json)")
    add("--settings", action="store_true", help="list all settings with their values and exit")


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Serve until a signal; every error it knows is told in one line, with exit status 2."""
    from models.errors import KlantstemError
    from service.cli import EXIT_ERROR, EXIT_OK
    from service.settings import read_settings

    given = {
        "host": arguments.host,
        "port": arguments.port,
        "bundle": arguments.bundle,
        "n_threads": arguments.threads,
        "data_dir": arguments.data_dir,
        "log_format": arguments.log_format,
    }
    try:
        settings = read_settings(
            **{name: value for name, value in given.items() if value is not None}
        )
        if arguments.settings:
            sys.stdout.write(_list_settings(settings))
        else:
            _serve(settings, context)
    except KlantstemError as error:
        sys.stderr.write(f"klantstem: {error}\n")
        return EXIT_ERROR
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        sys.stderr.write(f"klantstem: cannot listen on {place}: {error.strerror}\n")
        return EXIT_ERROR
    return EXIT_OK


def _serve(settings: Settings, context: Context) -> None:
    """Open the port, start the application and serve."""
    from service.api.app import create_app
    from service.api.server import Server, open_socket

    app = create_app(
        settings,
        lambda: context.load_classifier(settings.bundle, settings.n_threads),  # type: ignore[arg-type, return-value]
    )
    with open_socket(settings.host, settings.port) as sock:
        Server(app, settings, keep_alive_s=_KEEP_ALIVE_S).serve_until_stopped(sock, _greeting)


def _greeting(url: str, settings: Settings) -> str:
    """What to do next, for the one who started it."""
    from service.store.store import parse_url

    shown = parse_url(settings.database_url).render_as_string(hide_password=True)
    return (
        f"klantstem serves on {url}\n"
        f"  docs      {url}/docs\n"
        f"  database  {shown}\n"
        f"  make a key with: klantstem keys create --tenant NAME --scope classify\n"
    )


def _list_settings(settings: Settings) -> str:
    """Every setting with its variable, value and meaning; none that may hold a password."""
    from service.settings import PREFIX

    lines = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name) if field.repr else "***"
        meaning = f"    # {field.description}" if field.description else ""
        lines.append(f"{PREFIX}{name.upper()}={value}{meaning}\n")
    return "".join(lines)
