"""Files with any JSON value are read as their type; one that must be an object is refused otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.files.typed_json import CheckedFile


@dataclass(frozen=True)
class Part:
    """A type of objects."""

    number: int
    names: tuple[str, ...] = ()


@pytest.fixture
def file(tmp_path: Path) -> CheckedFile:
    return CheckedFile(tmp_path, "a.json", ConfigurationError, "make it again")


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"1.5", float, 1.5),
        (b'[{"number": 1}, {"number": 2, "names": ["a"]}]', list[Part], [Part(1), Part(2, ("a",))]),
        (b'{"number": 1}', Part, Part(1)),
        (b"null", float | None, None),
    ],
)
def test_any_json_value_is_read_as_its_type(file: CheckedFile, content: bytes, kind: Any, expected: Any) -> None:
    (file.folder / file.name).write_bytes(content)
    assert file.read(kind) == expected


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"1", Part, "expected object, found int"),
        (b'[{"number": 1}, {"number": "2"}]', list[Part], "a.json is damaged at /1/number: expected int, found str"),
        (b'[{"number": 1, "size": 2}]', list[Part], "/0/size: this version does not know this field"),
        (b'[{"number": 1}', list[Part], "it is not JSON"),
        (b"[1]", dict[str, str], "expected object, found array; make it again"),
    ],
)
def test_other_values_are_refused_with_their_place(file: CheckedFile, content: bytes, kind: Any, message: str) -> None:
    (file.folder / file.name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        file.read(kind)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b'"a"'])
def test_what_must_be_an_object_is_refused_otherwise(file: CheckedFile, content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="expected object"):
        file.load(content)
