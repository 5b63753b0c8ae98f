from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.export.conftest import trained, typed_tokenizer


def test_a_folder_with_content_is_refused(invoke, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = invoke("export", tmp_path, "--to", "transformers", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "is not empty" in result.stderr


def test_other_targets_are_refused(invoke, tmp_path: Path) -> None:
    result = invoke("export", tmp_path, "--to", "gguf", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "transformers" in result.stderr


@pytest.mark.slow
def test_the_missing_package_is_named(invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tmp_path, typed_tokenizer(), has_side_features=False)
    monkeypatch.setattr("schemalm.export.exporting.find_spec", lambda _name: None)
    result = invoke("export", run, "--to", "transformers", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "schemalm[transformers]" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_run_is_exported(invoke, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra `transformers`")
    run = trained(tmp_path, typed_tokenizer(), has_side_features=True)
    result = invoke("export", run, "--to", "transformers", "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    assert printed["architecture"] == "SchemaLMForCausalLM"
    assert printed["max_logit_difference"] <= 1e-5
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "schemalm_recall.bin",
        "schemalm_tokenizer.json",
    }
