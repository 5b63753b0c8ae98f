"""`schemalm lsp` says what is missing before it answers an editor, and writes nothing else to standard output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def test_a_folder_without_a_run_is_refused(invoke, tmp_path: Path) -> None:
    pytest.importorskip("pygls", reason="needs the extra `lsp`")
    result = invoke("lsp", tmp_path)
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr
    assert result.stdout == ""


def test_the_missing_extra_is_named(invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("schemalm.editor")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    result = invoke("lsp", tmp_path)
    assert result.exit_code == 2
    assert 'pip install "schemalm[lsp]"' in result.stderr
