"""Files of the package: any damage to the installation is reported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import zstandard

from schemalm.errors import DataError
from schemalm.files.assets import read_asset

CONTENT = b"a line\n" * 1000
PACKED = zstandard.ZstdCompressor(write_checksum=True).compress(CONTENT)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package that can be imported."""
    folder = tmp_path / "carrying"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "carrying", raising=False)
    return folder


def read(package: Path, content: bytes, max_bytes: int = 10_000) -> bytes:
    (package / "asset.zst").write_bytes(content)
    return read_asset("carrying", "asset.zst", max_bytes)


def test_the_content_is_returned(package: Path) -> None:
    assert read(package, PACKED) == CONTENT


@pytest.mark.parametrize("content", [b"", b"plain text", PACKED[:-9], PACKED[:20], PACKED[:-1] + b"x"])
def test_a_damaged_file_is_named_with_what_to_do(package: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"the file asset\.zst of the package schemalm .*; install the package again"):
        read(package, content)


def test_a_missing_file_is_named(package: Path) -> None:
    with pytest.raises(DataError, match=r"asset\.zst .*No such file or directory; install"):
        read_asset("carrying", "asset.zst", 10)


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(package: Path) -> None:
    with pytest.raises(DataError, match="it has more than 6,999 bytes"):
        read(package, PACKED, 6999)
