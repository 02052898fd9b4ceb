import json
from pathlib import Path

import pytest

from service.cli import main
from service.store.keys import find_key, split_key
from service.store.store import open_store


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("KLANTSTEM_DATABASE_URL", raising=False)
    monkeypatch.setenv("KLANTSTEM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["keys", "list", "--json", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_keys_create_prints_the_key_alone_on_stdout(
    capsys: pytest.CaptureFixture[str], data_dir: Path
) -> None:
    arguments = ["keys", "create", "--tenant", "acme", "--scope", "classify", "--scope", "correct"]
    assert main([*arguments, "--rate-limit", "60", "--expires", "30", "--note", "test"]) == 0
    printed = capsys.readouterr()
    parts = split_key(printed.out.strip())
    assert parts is not None
    assert parts[1] not in printed.err
    store = open_store(f"sqlite:///{data_dir / 'klantstem.db'}")
    key = find_key(store, parts[0])
    store.close()
    assert key is not None
    assert key.has_secret(parts[1])
    assert (sorted(key.scopes), key.rate_limit_per_minute) == (["classify", "correct"], 60)
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days == 30


def test_keys_list_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "create", "--tenant", "acme", "--scope", "admin", "--note", "[desk]"])
    secret = capsys.readouterr().out.strip().rsplit("_", 1)[1]
    assert main(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert "acme" in shown
    assert "[desk]" in shown
    assert secret[:16] not in shown
    (row,) = listed(capsys)
    assert (row["tenant"], row["scopes"], row["state"]) == ("acme", ["admin"], "valid")
    assert secret not in str(row)


def test_keys_list_of_a_tenant_leaves_the_others_out(capsys: pytest.CaptureFixture[str]) -> None:
    for tenant in ("acme", "globex"):
        main(["keys", "create", "--tenant", tenant, "--scope", "admin"])
    assert [row["tenant"] for row in listed(capsys, "--tenant", "globex")] == ["globex"]


def test_keys_list_without_keys_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "keys create" in printed.err


def test_keys_revoke_revokes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "create", "--tenant", "acme", "--scope", "admin"])
    key_id = capsys.readouterr().out.split("_")[1]
    assert main(["keys", "revoke", key_id]) == 0
    assert listed(capsys)[0]["state"] == "revoked"


@pytest.mark.parametrize(
    "arguments",
    [
        ["revoke", "0123456789abcdef"],
        ["create", "--tenant", "A b", "--scope", "admin"],
        ["create", "--tenant", "acme"],
        ["create", "--tenant", "acme", "--scope", "all"],
        ["create", "--tenant", "acme", "--scope", "admin", "--rate-limit", "0"],
        ["create", "--tenant", "acme", "--scope", "admin", "--expires", "nan"],
        [],
    ],
)
def test_keys_refuses_what_it_cannot_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["keys", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "klantstem" in printed.err
    assert listed(capsys) == []


def test_keys_tells_a_database_that_it_cannot_use_without_the_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLANTSTEM_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/klantstem")
    assert main(["keys", "list"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "s3cret" not in told


def test_keys_takes_the_data_folder_as_an_option(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    arguments = ["--tenant", "acme", "--scope", "admin", "--data-dir", str(folder)]
    assert main(["keys", "create", *arguments]) == 0
    assert listed(capsys) == []
    assert len(listed(capsys, "--data-dir", str(folder))) == 1
