"""The tool that composes the packaged workflows."""

from __future__ import annotations

from package_workflows import FILE, embedded_rows
from schemalm.dataset import embedded
from schemalm.files.assets import read_asset


def test_it_still_writes_the_bytes_in_the_package() -> None:
    assert read_asset("schemalm.dataset", embedded.WORKFLOWS_ASSET, 1 << 24) == embedded_rows()


def test_its_output_is_small() -> None:
    assert FILE.stat().st_size < 200_000
