"""The tests on PostgreSQL must not go missing in silence."""

import pytest

from tests.service import postgres_cluster
from tests.service.postgres_cluster import require_binaries


@pytest.fixture
def no_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_cluster, "find_binaries", lambda: None)


@pytest.mark.usefixtures("no_binaries")
@pytest.mark.parametrize("value", ["", "0", "true"])
def test_without_a_server_ci_fails(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match="CI must install one"):
        require_binaries()


@pytest.mark.usefixtures("no_binaries")
def test_without_a_server_a_person_is_told_what_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install postgresql"):
        require_binaries()
