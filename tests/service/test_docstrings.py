"""The examples in the docstrings of the tables and the presenter are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import service.tables

MODULES = [
    "service.present",
    *(module.name for module in pkgutil.iter_modules(service.tables.__path__, "service.tables.")),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
