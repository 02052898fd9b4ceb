"""``klantstem keys``: make, list and revoke the keys of the HTTP service."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.cli import Context
    from service.store.keys import ApiKey
    from service.store.store import Store

_SCOPES = ("classify", "analyse", "correct", "admin")
_MAX_DAYS = 36_500

_DESCRIPTION = """\
Make, list and revoke the API keys of tenants, in the database that 'klantstem serve' uses:
KLANTSTEM_DATABASE_URL, or the SQLite file of the data folder.
"""
_SCOPES_HELP = """\
scopes:
  classify  /v1/classify and /v1/embeddings
  analyse   /v1/jobs: whole files
  correct   /v1/corrections
  admin     DELETE /v1/subjects/{id}

examples:
  klantstem keys create --tenant acme --scope classify --scope correct
  klantstem keys create --tenant acme --scope admin --expires 30 --note "erasure desk"
  klantstem keys list --tenant acme
  klantstem keys revoke 5f0c2a91d3b84e67
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its three parts."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "keys",
        help="make, list and revoke API keys",
        description=_DESCRIPTION,
        epilog=_SCOPES_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    create = actions.add_parser(
        "create",
        help="make a key and print it, once",
        description="Make a key, and the tenant with it if it is new. The key is printed on "
        "stdout, this once; only a hash of it is kept.",
        epilog=_SCOPES_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    create.set_defaults(run=run, act=_create)
    add = create.add_argument
    add("--tenant", metavar="NAME", required=True, help="small letters, digits, . _ -")
    add(
        "--scope",
        choices=_SCOPES,
        action="append",
        required=True,
        help="what the key may do; give it once per scope",
    )
    add("--rate-limit", metavar="N", type=_positive, help="calls per minute (the service's)")
    add("--expires", metavar="DAYS", type=_days, help="days until it expires (never)")
    add("--note", metavar="TEXT", default="", help="what it is for; shown by 'list'")

    shown = actions.add_parser("list", help="list keys, without their secrets")
    shown.set_defaults(run=run, act=_list)
    shown.add_argument("--tenant", metavar="NAME", help="of this tenant only")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")

    revoke = actions.add_parser("revoke", help="revoke a key for good")
    revoke.set_defaults(run=run, act=_revoke)
    revoke.add_argument("key_id", metavar="KEY_ID", help="the id, as 'list' shows it")

    for action in (create, shown, revoke):
        action.add_argument(
            "--data-dir", metavar="PATH", type=Path, help="folder of the embedded database"
        )


def run(arguments: argparse.Namespace, _: Context) -> int:
    """Run one part; every error it knows is told in one line, with exit status 2."""
    from models.errors import KlantstemError
    from service.cli import EXIT_ERROR, EXIT_OK
    from service.settings import read_settings
    from service.store.store import open_store

    given = {} if arguments.data_dir is None else {"data_dir": arguments.data_dir}
    try:
        store = open_store(read_settings(**given).database_url, pool_size=1)
        try:
            arguments.act(arguments, store)
        finally:
            store.close()
    except KlantstemError as error:
        sys.stderr.write(f"klantstem: {error}\n")
        return EXIT_ERROR
    return EXIT_OK


def _create(arguments: argparse.Namespace, store: Store) -> None:
    """Make a key; it alone goes to stdout, so that a script can take it."""
    from service.store.keys import Scope, create_key

    now = datetime.now(UTC)
    key, text = create_key(
        store,
        tenant=arguments.tenant,
        scopes=[Scope(scope) for scope in arguments.scope],
        now=now,
        note=arguments.note,
        rate_limit_per_minute=arguments.rate_limit,
        expires_at=None if arguments.expires is None else now + timedelta(days=arguments.expires),
    )
    sys.stdout.write(f"{text}\n")
    sys.stderr.write(
        f"key {key.key_id} of {key.tenant_name} ({', '.join(sorted(key.scopes))}). "
        "Keep it now: it is not shown again.\n"
    )


def _list(arguments: argparse.Namespace, store: Store) -> None:
    """List keys as a table or as JSON lines."""
    from service.store.keys import list_keys

    keys = list_keys(store, tenant=arguments.tenant)
    if arguments.json:
        sys.stdout.writelines(json.dumps(_row(key)) + "\n" for key in keys)
    elif keys:
        _print_table(keys)
    else:
        sys.stderr.write("there are no keys; 'klantstem keys create' makes one\n")


def _revoke(arguments: argparse.Namespace, store: Store) -> None:
    """Revoke a key."""
    from service.store.keys import revoke_key

    key = revoke_key(store, arguments.key_id, now=datetime.now(UTC))
    sys.stderr.write(
        f"key {key.key_id} of {key.tenant_name} is revoked; "
        "a running service refuses it within seconds\n"
    )


def _row(key: ApiKey) -> dict[str, Any]:
    """One key as plain values."""
    return {
        "key_id": key.key_id,
        "tenant": key.tenant_name,
        "scopes": sorted(key.scopes),
        "state": _state(key),
        "rate_limit_per_minute": key.rate_limit_per_minute,
        "created_at": key.created_at.isoformat(),
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
        "note": key.note,
    }


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.is_valid(datetime.now(UTC)) else "expired"


def _print_table(keys: Iterable[ApiKey]) -> None:
    """Print keys for people."""
    from rich.table import Table

    from service.present import make_console

    table = Table("key", "tenant", "scopes", "state", "calls/min", "made", "expires", "note")
    for key in keys:
        table.add_row(
            key.key_id,
            key.tenant_name,
            ", ".join(sorted(key.scopes)),
            _state(key),
            "default" if key.rate_limit_per_minute is None else str(key.rate_limit_per_minute),
            f"{key.created_at:%Y-%m-%d}",
            "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d}",
            key.note,
        )
    make_console().print(table, markup=False)


def _positive(text: str) -> int:
    """Read a number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def _days(text: str) -> float:
    """Read a time in days."""
    value = float(text)
    if not 0 < value <= _MAX_DAYS:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {_MAX_DAYS}, got {text}")
    return value
