"""The three sizes and their table."""

from __future__ import annotations

import pytest

from schemalm.errors import ConfigurationError
from schemalm.integrations.nanochat import GPT, get_config, print_config_comparison


@pytest.mark.parametrize(
    ("size", "width", "num_layers", "num_heads", "num_parameters", "published"),
    [
        ("small", 384, 8, 6, 20_447_232, 20_000_000),
        ("medium", 768, 8, 12, 69_206_016, 100_000_000),
        ("large", 1024, 12, 16, 167_772_160, 200_000_000),
    ],
)
def test_sizes_have_their_exact_number_of_parameters(
    size: str, width: int, num_layers: int, num_heads: int, num_parameters: int, published: int
) -> None:
    config = get_config(size)
    shape = {name: config[name] for name in ("d_model", "n_layers", "n_heads", "vocab_size", "context_size", "dropout")}
    assert list(shape.values()) == [width, num_layers, num_heads, 8192, 512, 0.0]
    assert (config["parameters"], config["published_parameters"]) == (num_parameters, published)
    assert config["batch_size"] >= 1
    assert 0 < config["learning_rate"] < 1e-2


def test_the_number_of_parameters_is_that_of_the_model() -> None:
    config = get_config("small")
    shape = {name: config[name] for name in ("vocab_size", "context_size", "d_model", "n_layers", "n_heads", "dropout")}
    assert sum(weight.numel() for weight in GPT(**shape).parameters()) == config["parameters"]


def test_the_context_size_can_be_chosen() -> None:
    assert get_config("large", context_size=1024)["context_size"] == 1024


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no size 'huge'; choose one of small, medium, large"):
        get_config("huge")
    with pytest.raises(ConfigurationError, match="context_size must be"):
        get_config("small", context_size=0)


def test_the_table_has_the_sizes_as_columns_and_says_what_it_computed(capsys: pytest.CaptureFixture[str]) -> None:
    print_config_comparison()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["metric", "small", "medium", "large"]
    rows = {line[:38].strip(): line[38:].split() for line in lines}
    assert rows["parameters"] == ["20,447,232", "69,206,016", "167,772,160"]
    assert rows["published parameters"] == ["about", "20", "M", "about", "100", "M", "about", "200", "M"]
    assert "training time on 8 A100 (computed)" in rows
    assert "training budget on 8 A100 (computed)" in rows
    assert lines[-1].startswith("computed from operations, not measured: 20 tokens per parameter, on 8 A100 at ")
