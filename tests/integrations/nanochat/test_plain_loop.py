"""Plain training loops that use only these names."""

from __future__ import annotations

import json
import sys
from itertools import islice
from operator import ne
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from schemalm import dump_document
from schemalm.dataset.embedded import embedded_workflows
from schemalm.integrations.nanochat import GPT, TCTTokenizer, create_train_val_loaders


@pytest.mark.slow
def test_a_plain_loop_trains_to_a_falling_loss(data: Path) -> None:
    vocab_size = TCTTokenizer().get_vocab_size()
    train_loader, val_loader = create_train_val_loaders(
        train_path=data / "train.pt", val_path=data / "val.pt", batch_size=8
    )
    model = GPT(vocab_size=vocab_size, context_size=64, d_model=32, n_layers=2, n_heads=2, dropout=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    def validation_loss() -> float:
        model.eval()
        with torch.no_grad():
            losses = [F.cross_entropy(model(x).view(-1, vocab_size), y.view(-1)).item() for x, y in val_loader]
        model.train()
        return sum(losses) / len(losses)

    before = validation_loss()
    for x, y in islice(train_loader, 30):
        logits = model(x)
        loss = F.cross_entropy(logits.view(-1, vocab_size), y.view(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert validation_loss() < before - 1


IMPORT = "from schemalm.integrations.nanochat import TCTTokenizer"
# A script that trains on texts; two lines choose its tokenizer.
SCRIPT = """
from text_tokenizers import get_tokenizer
tokenizer = get_tokenizer("bytes")

import torch
from torch import nn

vocab_size = tokenizer.get_vocab_size()
bos = tokenizer.get_bos_token_id()
ids = [id for doc in tokenizer.encode(texts, prepend=bos, num_threads=2) for id in doc]
block = 32
torch.manual_seed(0)
model = nn.Sequential(nn.Embedding(vocab_size, 32), nn.Linear(32, vocab_size))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
losses = []
for step in range(25):
    begins = torch.randint(len(ids) - block - 1, (8,)).tolist()
    x = torch.tensor([ids[begin : begin + block] for begin in begins])
    y = torch.tensor([ids[begin + 1 : begin + block + 1] for begin in begins])
    loss = nn.functional.cross_entropy(model(x).view(-1, vocab_size), y.view(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
shown = tokenizer.decode(tokenizer(texts[0], prepend="<|bos|>")[1:])
"""


class Bytes:
    """A text tokenizer with the names of nanochat's."""

    def get_vocab_size(self) -> int:
        return 257

    def get_bos_token_id(self) -> int:
        return 256

    def encode(self, text: Any, prepend: Any = None, num_threads: int = 8) -> Any:
        if isinstance(text, list):
            return [self.encode(one, prepend) for one in text]
        return [*([] if prepend is None else [256]), *text.encode()]

    __call__ = encode

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode()


def run(script: str, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run a script and return its global names."""
    module = ModuleType("text_tokenizers")
    module.get_tokenizer = lambda name: Bytes()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "text_tokenizers", module)
    scope: dict[str, Any] = {"texts": texts}
    exec(script, scope)
    return scope


@pytest.mark.slow
def test_two_lines_of_a_script_for_texts_are_all_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    workflows = embedded_workflows(20)
    texts = [dump_document(workflow.value) for workflow in workflows]
    changed = SCRIPT.replace("from text_tokenizers import get_tokenizer", IMPORT).replace(
        'get_tokenizer("bytes")', "TCTTokenizer()"
    )
    assert sum(map(ne, SCRIPT.splitlines(), changed.splitlines())) == 2
    before, after = run(SCRIPT, texts, monkeypatch), run(changed, texts, monkeypatch)
    for scope in (before, after):
        assert scope["losses"][-1] < scope["losses"][0] - 0.5
    assert before["shown"] == texts[0]
    assert json.loads(after["shown"]) == workflows[0].value
