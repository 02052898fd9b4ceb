"""The layering of the packages, as the design states it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "models": {"service", "training"},
    "service": {"training"},
    "training": {"service"},
}
TRAIN_ONLY = {"torch", "transformers", "sentence_transformers", "datasets", "accelerate"}


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_packages_import_only_downwards(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        crossing = FORBIDDEN[package] & set(imported_packages(path))
        assert not crossing, f"{path.name} imports {crossing}"


def test_relative_imports_are_not_used() -> None:
    for package in FORBIDDEN:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.ImportFrom) and node.level), path.name


@pytest.mark.parametrize("package", ["models", "service"])
def test_serving_never_imports_what_only_training_needs(package: str) -> None:
    allowed = {ROOT / "models" / "encoder" / "sentence_transformer.py"}
    for path in (ROOT / package).rglob("*.py"):
        if path not in allowed:
            assert not TRAIN_ONLY & set(imported_packages(path)), path.name
