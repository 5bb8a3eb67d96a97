"""The examples in the documentation of the package, as tests."""

import doctest
import importlib

import pytest

MODULES = ["plica", "plica._points", "plica._report", "plica._results", "plica._network"]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.failed == 0


def test_every_public_name_is_documented_with_an_example():
    plica = importlib.import_module("plica")
    for name in plica.__all__:
        item = getattr(plica, name)
        assert isinstance(item, str) or item.__doc__, name
        if callable(item) and not isinstance(item, type):
            assert ">>>" in item.__doc__, name
