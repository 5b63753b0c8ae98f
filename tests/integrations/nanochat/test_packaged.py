"""The packaged tokenizer."""

from __future__ import annotations

from pathlib import Path

from schemalm.integrations.nanochat import packaged

ROOT = Path(__file__).resolve().parents[3]
ASSET = Path("src/schemalm/integrations/nanochat") / packaged.ASSET


def test_it_has_exactly_8192_entries() -> None:
    assert packaged.packaged_tokenizer().vocab_size == packaged.VOCAB_SIZE == 8192


def test_it_is_small() -> None:
    assert (ROOT / ASSET).stat().st_size < 100_000
