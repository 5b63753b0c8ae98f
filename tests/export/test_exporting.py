"""An exported run is loaded by `transformers`, computes the same logits, and writes valid documents."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import torch
from tests.export.conftest import CONTEXT_SIZE, SCHEMA, trained, typed_tokenizer

from schemalm.documents.values import value_digest
from schemalm.errors import CheckpointError, ConfigurationError
from schemalm.export import exporting
from schemalm.export.exporting import export_run
from schemalm.generation import load_run
from schemalm.generation.engine import Engine, Request
from schemalm.generation.sampling import Sampling
from schemalm.tokenizer import Tokenizer
from schemalm.training.run import load_checkpoint

transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
from schemalm.integrations.transformers import (  # noqa: E402
    DocumentLogitsProcessor,
    DocumentStoppingCriteria,
    SchemaLMForCausalLM,
    decode_rows,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
IS_VALID = jsonschema_rs.validator_for(SCHEMA).is_valid


@pytest.fixture(scope="module", params=["state_run", "plain_run"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run over a grammar's tokens, and its export."""
    run, out = request.getfixturevalue(request.param), tmp_path_factory.mktemp("export") / request.param
    export_run(run, out)
    return run, out


def generate(out: Path, num_rows: int, **settings: object) -> torch.Tensor:
    model = transformers.AutoModelForCausalLM.from_pretrained(out)
    tokenizer = Tokenizer.load(out / "schemalm_tokenizer.json")
    rows: torch.Tensor = model.generate(
        torch.zeros(num_rows, 1, dtype=torch.long),
        logits_processor=[DocumentLogitsProcessor(tokenizer)],
        stopping_criteria=[DocumentStoppingCriteria(tokenizer, CONTEXT_SIZE)],
        **settings,
    )
    return rows


def test_two_hundred_generated_documents_are_valid(exported: tuple[Path, Path]) -> None:
    torch.manual_seed(0)
    rows = generate(exported[1], 200)
    found = decode_rows(Tokenizer.load(exported[1] / "schemalm_tokenizer.json"), rows)
    assert len(found) == 200
    assert all(map(IS_VALID, found))
    assert len({json.dumps(value) for value in found}) > 100


def test_the_likeliest_document_is_that_of_the_engine(exported: tuple[Path, Path]) -> None:
    rows = generate(exported[1], 2, do_sample=False)
    run = load_run(exported[0])
    request = Request(0, 0, CONTEXT_SIZE - 1, sampling=Sampling(0.0))
    written = list(Engine(run, 1).write([request]))
    tokens = [token for piece in written for token in piece.tokens]
    num_read = min(len(tokens), rows.shape[1] - 1, CONTEXT_SIZE // 2)  # a steered end differs
    assert rows[0].tolist() == rows[1].tolist()
    assert rows[0, 1 : 1 + num_read].tolist() == tokens[:num_read]


@pytest.mark.parametrize("settings", [{"use_cache": False}, {"cache_implementation": "static"}, {"num_beams": 2}])
def test_caches_and_beams_give_valid_documents(exported: tuple[Path, Path], settings: dict[str, object]) -> None:
    rows = generate(exported[1], 2, do_sample=False, **settings)
    assert all(map(IS_VALID, decode_rows(Tokenizer.load(exported[1] / "schemalm_tokenizer.json"), rows)))
    if "num_beams" not in settings:
        assert rows.tolist() == generate(exported[1], 2, do_sample=False).tolist()


def test_a_plain_run_is_loaded_without_this_package(plain_run: Path, tmp_path: Path) -> None:
    export = export_run(plain_run, tmp_path / "out")
    tokens = torch.randint(300, (2, CONTEXT_SIZE), generator=torch.Generator().manual_seed(1))
    program = (
        "import sys, torch, transformers\n"
        f"model = transformers.AutoModelForCausalLM.from_pretrained({str(tmp_path / 'out')!r}).eval()\n"
        f"torch.save(model(torch.tensor({tokens.tolist()})).logits.detach(), {str(tmp_path / 'logits.pt')!r})\n"
        "assert not any(name.startswith('schemalm') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, capture_output=True)
    theirs = torch.load(tmp_path / "logits.pt", weights_only=True)
    model, _ = load_checkpoint(plain_run)
    with torch.inference_mode():
        ours = model(tokens)
    assert export.architecture == "NanoChatForCausalLM"
    assert ours.std() > 0.01
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_side_features_are_found_from_whole_rows(state_run: Path, tmp_path: Path) -> None:
    export = export_run(state_run, tmp_path / "out")
    assert export.difference <= 1e-5
    model = SchemaLMForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = model.document_tokenizer
    row = torch.tensor([[0, *tokenizer.encode({"name": "dish 1", "price": 1.5, "tags": []})]])
    with torch.inference_mode():
        given = model(row, side_features=model.side_features(row)).logits
        torch.testing.assert_close(model(row).logits, given)
        zeros = torch.zeros_like(model.side_features(row))
        assert not torch.allclose(model(row, side_features=zeros).logits, given)


def test_rows_that_do_not_begin_with_their_document_are_refused(state_run: Path, tmp_path: Path) -> None:
    export_run(state_run, tmp_path / "out")
    model = SchemaLMForCausalLM.from_pretrained(tmp_path / "out")
    with pytest.raises(ConfigurationError, match="position token 0, found 3"):
        model(torch.tensor([[3, 4]]))


def test_a_model_is_saved_again_with_its_tokenizer(state_run: Path, tmp_path: Path) -> None:
    export_run(state_run, tmp_path / "out")
    SchemaLMForCausalLM.from_pretrained(tmp_path / "out").save_pretrained(tmp_path / "again")
    names = ("model.safetensors", "schemalm_tokenizer.json", "schemalm_recall.bin")
    again = SchemaLMForCausalLM.from_pretrained(tmp_path / "again")
    assert all((tmp_path / "again" / name).exists() for name in names)
    assert again.config.num_states > 0
    assert (tmp_path / "again" / names[2]).read_bytes() == (state_run / "recall.bin").read_bytes()


def test_the_card_tells_schema_data_and_the_difference(state_run: Path, tmp_path: Path) -> None:
    export = export_run(state_run, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    config = json.loads((state_run / "config.json").read_text())
    for text in (value_digest(SCHEMA).hex(), SCHEMA["$id"], config["data_sha256"], f"{export.difference:.1e}"):
        assert text in card
    assert f"{export.figures()['bits_per_byte']:.4f}" in card


def test_what_cannot_be_exported_is_said_before_anything_is_written(tmp_path: Path) -> None:
    run = trained(tmp_path, typed_tokenizer(), has_side_features=False, input_norm=False)
    with pytest.raises(ConfigurationError, match="input norm"):
        export_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tied_heads_are_exported(tmp_path: Path) -> None:
    run = trained(tmp_path, typed_tokenizer(), has_side_features=True, tie_head=True)
    assert export_run(run, tmp_path / "out").difference <= 1e-5


def test_a_model_that_computes_otherwise_leaves_nothing(
    plain_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = exporting.to_transformers
    monkeypatch.setattr(
        exporting, "to_transformers", lambda *given: {name: weight * 1.5 for name, weight in original(*given).items()}
    )
    with pytest.raises(CheckpointError, match="other logits"):
        export_run(plain_run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
