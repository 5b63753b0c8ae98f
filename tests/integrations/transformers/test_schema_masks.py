"""Models of text with a foreign tokenizer write valid documents, and keep prompts and beginnings."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import tokenizers
import torch
from tokenizers import decoders, models, pre_tokenizers, trainers

from schemalm.compilation import compile_schema
from schemalm.errors import ConfigurationError, DecodeError, PromptError, SchemaError

transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
from schemalm.integrations.transformers import SchemaLogitsProcessor, token_bytes  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 12},
        "kind": {"enum": ["book", "film"]},
        "tags": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 20}, "uniqueItems": True},
    },
    "required": ["title", "kind"],
    "not": {"properties": {"kind": {"const": "film"}, "tags": {"minItems": 1}}, "required": ["tags"]},
    "additionalProperties": False,
}
IS_VALID = jsonschema_rs.validator_for(SCHEMA).is_valid
END = "<|endoftext|>"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """A byte-level tokenizer of the library, with a special token and an added one."""
    engine = tokenizers.Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[END],
        show_progress=False,
    )
    text = '{"title":"Grüße","kind":"book","tags":[1,2]} {"title": "x", "kind": "film"}, }}]'
    engine.train_from_iterator([text] * 8, trainer)
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=engine, eos_token=END, pad_token=END)
    wrapped.add_tokens(["    "])
    return wrapped


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    """An untrained model, whose logits are wider than the tokenizer."""
    torch.manual_seed(0)
    configuration = transformers.GPT2Config(
        vocab_size=len(tokenizer) + 7, n_embd=16, n_layer=1, n_head=2, n_positions=256
    )
    return transformers.GPT2LMHeadModel(configuration).eval()


def write(model: Any, tokenizer: Any, processor: Any, given: str = "Write JSON: ", **settings: Any) -> list[str]:
    inputs = tokenizer(given, return_tensors="pt")
    rows = model.generate(
        **inputs,
        logits_processor=[processor],
        **{"max_new_tokens": 120, "do_sample": True, "pad_token_id": tokenizer.eos_token_id, **settings},
    )
    return [processor.document(row) for row in rows[:, inputs["input_ids"].shape[1] :].tolist()]


@pytest.mark.slow
def test_an_untrained_model_writes_valid_documents(model: Any, tokenizer: Any) -> None:
    torch.manual_seed(1)
    texts = write(model, tokenizer, SchemaLogitsProcessor(SCHEMA, tokenizer), num_return_sequences=50)
    assert all(IS_VALID(json.loads(text)) for text in texts)
    assert len({*texts}) > 25


@pytest.mark.parametrize("settings", [{"num_beams": 3, "do_sample": False}, {"max_new_tokens": 5}])
def test_beams_and_texts_that_were_cut_off_are_valid(model: Any, tokenizer: Any, settings: dict[str, Any]) -> None:
    texts = write(model, tokenizer, SchemaLogitsProcessor(SCHEMA, tokenizer), **settings)
    assert all(IS_VALID(json.loads(text)) for text in texts)


def test_a_prompt_is_kept(model: Any, tokenizer: Any) -> None:
    processor = SchemaLogitsProcessor(SCHEMA, tokenizer, prompt={"kind": "film"})
    for text in write(model, tokenizer, processor, num_return_sequences=4):
        assert json.loads(text)["kind"] == "film"
        assert IS_VALID(json.loads(text))


def test_a_beginning_is_continued(model: Any, tokenizer: Any) -> None:
    beginning = '{"title":"Grü'
    processor = SchemaLogitsProcessor(compile_schema(SCHEMA), tokenizer, beginning=beginning)
    for text in write(model, tokenizer, processor, given=f"Go on: {beginning}", num_return_sequences=4):
        assert text.startswith(beginning)
        assert IS_VALID(json.loads(text))


def test_one_processor_serves_several_calls(model: Any, tokenizer: Any) -> None:
    processor = SchemaLogitsProcessor(SCHEMA, tokenizer)
    write(model, tokenizer, processor, given="Short: ")
    processor.reset()
    assert IS_VALID(json.loads(write(model, tokenizer, processor, given="A much longer request: ")[0]))


def test_the_end_is_admitted_exactly_where_the_document_is_whole(tokenizer: Any) -> None:
    processor = SchemaLogitsProcessor({"type": "integer"}, tokenizer)
    row = torch.tensor([[5]])
    scores = torch.zeros(1, len(tokenizer) + 7)
    assert processor(row, scores)[0, tokenizer.eos_token_id] == -torch.inf
    one = tokenizer.convert_tokens_to_ids("1")
    after = processor(torch.tensor([[5, one]]), scores)[0]
    assert after[tokenizer.eos_token_id] == 0
    assert after[one] == 0
    over = processor(torch.tensor([[5, one, tokenizer.eos_token_id]]), scores)[0]
    assert (over == 0).nonzero().flatten().tolist() == [tokenizer.eos_token_id]


def test_every_token_has_its_bytes(tokenizer: Any) -> None:
    found = token_bytes(tokenizer)
    for token, text in enumerate(found):
        if text.isascii() and text:
            assert tokenizer.decode([token], clean_up_tokenization_spaces=False) == text.decode()
    assert found[tokenizer.eos_token_id] == b""
    assert found[tokenizer.convert_tokens_to_ids("    ")] == b"    "
    assert {bytes([byte]) for byte in range(256)} <= {*found}


def test_what_cannot_be_used_is_refused(tokenizer: Any) -> None:
    with pytest.raises(DecodeError, match="begins so"):
        SchemaLogitsProcessor(SCHEMA, tokenizer, beginning='{"kind"')
    with pytest.raises(PromptError):
        SchemaLogitsProcessor(SCHEMA, tokenizer, prompt={"kind": "play"})
    with pytest.raises(SchemaError):
        SchemaLogitsProcessor({"type": "nosuch"}, tokenizer)
    with pytest.raises(ConfigurationError, match="rules=None"):
        SchemaLogitsProcessor(compile_schema({"type": "object"}, rules={"rules": 1}), tokenizer)
    words = tokenizers.Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(ConfigurationError, match="ByteLevel"):
        SchemaLogitsProcessor(SCHEMA, transformers.PreTrainedTokenizerFast(tokenizer_object=words, eos_token="a"))
    nameless = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    with pytest.raises(ConfigurationError, match="no end of text"):
        SchemaLogitsProcessor(SCHEMA, nameless)


def test_rows_that_the_masks_forbid_are_refused(tokenizer: Any) -> None:
    processor = SchemaLogitsProcessor(SCHEMA, tokenizer)
    scores = torch.zeros(1, len(tokenizer))
    processor(torch.tensor([[5]]), scores)
    with pytest.raises(ValueError, match="no document"):
        processor(torch.tensor([[5, 7]]), scores)
    with pytest.raises(ValueError, match="forbid the token 7"):
        processor.document([7])
