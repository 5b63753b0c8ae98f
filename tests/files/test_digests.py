from __future__ import annotations

from types import MappingProxyType

from schemalm.files.digests import digest


def test_equal_values_have_equal_digests() -> None:
    assert digest({"a": 1, "b": [2.5]}) == digest(MappingProxyType({"b": [2.5], "a": 1}))
    assert digest({"a": 1}) != digest({"a": 2})
