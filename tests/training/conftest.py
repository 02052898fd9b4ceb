import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

# importlib mode puts no folder on the path: the helpers beside the tests are imported from here.
sys.path.insert(0, str(Path(__file__).parent))

from tiny import write_tiny_base
from tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small gain nothing from threads, which starve each other on a busy machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder with a random two-layer BERT."""
    return write_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole bundle of a random encoder whose heads know a few words."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
