"""Settings for `transformers` have the types that its strict checks require."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from schemalm.model.configuration import GPTConfiguration
from schemalm.model.transformers_names import transformers_settings

CONFIGURATION = GPTConfiguration.named("tiny", vocab_size=300, context_size=32)
WHOLE = {
    field.name: max(1, round(getattr(CONFIGURATION, field.name)))
    for field in fields(CONFIGURATION)
    if field.type == "float" and field.name != "dropout"  # which is below 1
}


def types(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: types(value) if isinstance(value, dict) else type(value) for name, value in settings.items()}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_give_settings_of_the_same_types(name: str) -> None:
    whole = transformers_settings(replace(CONFIGURATION, **{name: WHOLE[name]}))
    assert types(whole) == types(transformers_settings(CONFIGURATION))


def test_whole_numbers_keep_their_values() -> None:
    settings = transformers_settings(replace(CONFIGURATION, **WHOLE))
    assert settings["rms_norm_eps"] == 1
    assert settings["rope_parameters"]["rope_theta"] == 10_000
    assert settings["final_logit_softcapping"] == 15
