"""Every command that writes checks before its work whether it can."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "work"),
    [
        (("collect", "CORPUS", "--schema", "SCHEMA", "--out", "PLACE"), "compiling"),
        (("tokenizer", "train", "--corpus", "CORPUS", "--schema", "SCHEMA", "--out", "PLACE"), "compiling"),
        (("tokenizer", "inspect", "FILE", "--tokenizer", "TOKENIZER", "--html", "PLACE"), "loading"),
        (("prepare", "--input", "CORPUS", "--tokenizer", "TOKENIZER", "--output", "PLACE"), "loading"),
        (("train", "--data", "DATA", "--steps", "1", "--out", "PLACE"), "training a tiny"),
        (("generate", "RUN", "--out", "PLACE"), "loading"),
        (("evaluate", "RUN", "--out", "PLACE"), "scoring 4"),
        (("compare", "RUN", "--out", "PLACE"), "curves"),
        (("demo", "--out", "PLACE"), "embedded workflows"),
        (("reference", "train", "--input", "CORPUS", "--out", "PLACE"), "steps: "),
        (("reference", "ablate", "--input", "CORPUS", "--out", "PLACE"), "1 of "),
    ],
)
def test_a_folder_that_cannot_be_written_is_named_before_the_work(
    invoke, pipeline, tmp_path: Path, command: tuple[str, ...], work: str
) -> None:
    (tmp_path / "file").write_text("text")
    places = {
        "FILE": pipeline.corpus / "0.yml",
        "SCHEMA": pipeline.schema,
        "TOKENIZER": pipeline.tokenizer,
        "CORPUS": pipeline.corpus,
        "DATA": pipeline.data,
        "RUN": pipeline.run,
        "PLACE": tmp_path / "file" / "below" / "it",
    }
    result = invoke(*(places.get(argument, argument) for argument in command))
    assert result.exit_code == 2, result.output
    assert f"cannot be written: {tmp_path / 'file'}: Not a directory; choose another" in result.stderr
    assert f"with {command[-2]}" in result.stderr
    assert work not in result.stderr + result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
