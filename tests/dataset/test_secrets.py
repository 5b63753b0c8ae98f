"""Secrets: each kind is found wherever it is, and what only resembles one is not.

This file contains no secret: each is put together when the tests run.
"""

from __future__ import annotations

import json
import random
import string
from typing import Any

import pytest

from schemalm.dataset.secrets import MASK, mask_secrets, mask_text

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(length: int, alphabet: str = LETTERS) -> str:
    return "".join(random.Random(length).choices(alphabet, k=length))


def private_key(kind: str = "RSA ", body: str = "") -> str:
    lines = body or "\n".join(drawn(64) for _ in range(12))
    return "\n".join([dashes(f"BEGIN {kind}PRIVATE KEY"), lines, dashes(f"END {kind}PRIVATE KEY")])


def dashes(text: str) -> str:
    return f"{'-' * 5}{text}{'-' * 5}"


TOKENS = {
    "age key": ["AGE-SECRET-" + "KEY-1" + drawn(58, string.ascii_uppercase)],
    "Anthropic key": ["sk-" + "ant-api03-" + drawn(93) + "AA"],
    "AWS access key id": [f"{prefix}{drawn(16, string.ascii_uppercase)}" for prefix in ("AK" + "IA", "AS" + "IA")],
    "Azure storage key": ["Account" + "Key=" + drawn(86) + "=="],
    "Databricks token": ["da" + "pi" + drawn(32, HEX)],
    "DigitalOcean token": ["dop" + "_v1_" + drawn(64, HEX)],
    "Discord webhook": ["https://discord" + ".com/api/webhooks/" + drawn(18, string.digits) + "/" + drawn(68)],
    "Docker token": ["dckr" + "_pat_" + drawn(27)],
    "GitHub token": [
        *(f"gh{kind}_{drawn(36)}" for kind in "pousr"),
        "github" + "_pat_" + drawn(22) + "_" + drawn(59),
    ],
    "GitLab token": [
        "gl" + "pat-" + drawn(20),
        "gl" + "rt-" + drawn(20),
        "gl" + "pat-" + drawn(27) + ".01." + drawn(9),
    ],
    "Google API key": ["AI" + "za" + drawn(33) + "-_"],
    "Google OAuth secret": ["GOC" + "SPX-" + drawn(28)],
    "Hugging Face token": ["h" + "f_" + drawn(34)],
    "JSON web token": ["ey" + "J" + drawn(30) + ".ey" + "J" + drawn(60) + "." + drawn(43)],
    "npm token": ["np" + "m_" + drawn(36)],
    "OpenAI key": ["s" + "k-" + drawn(48), "s" + "k-proj-" + drawn(100)],
    "PyPI token": ["py" + "pi-AgEIcHlwaS5vcmc" + drawn(150)],
    "RubyGems key": ["ruby" + "gems_" + drawn(48, HEX)],
    "SendGrid key": ["S" + "G." + drawn(22) + "." + drawn(43)],
    "Shopify token": ["shp" + "at_" + drawn(32, HEX)],
    "Slack token": ["xo" + "xb-" + "123456789012-123456789012-" + drawn(24)],
    "Slack webhook": ["https://hooks." + "slack.com/services/T01234567/B01234567/" + drawn(24)],
    "Stripe key": ["s" + "k_live_" + drawn(24), "r" + "k_live_" + drawn(99)],
    "Telegram token": ["123456789" + ":AA" + drawn(33)],
    "Vault token": ["hv" + "s." + drawn(95)],
    "private key": [
        *(private_key(kind) for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")),
        private_key(
            "RSA ", f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{drawn(32, HEX)}\n\n{drawn(64)}\n{drawn(40)}="
        ),
        private_key("RSA ").replace("\n", "\\n"),
        private_key("RSA ").rpartition("\n")[0],  # cut off
        dashes("BEGIN PGP PRIVATE KEY BLOCK") + f"\n\nVersion: 2\n{drawn(64)}\n" + dashes("END PGP PRIVATE KEY BLOCK"),
    ],
}
EVERY = [(kind, token) for kind, tokens in TOKENS.items() for token in tokens]


def found_in(value: Any) -> dict[str, int]:
    return dict(mask_secrets(value, json.dumps(value))[1].counts)


@pytest.mark.parametrize("index", range(len(EVERY)), ids=[f"{kind}-{number}" for number, (kind, _) in enumerate(EVERY)])
def test_a_secret_is_found_and_masked_wherever_it_stands(index: int) -> None:
    kind, token = EVERY[index]
    for text in (token, f"token={token}", f'echo "{token}" | login', f"a\n{token}\nb", f"\u00e9{token}\u00e9"):
        value = {"jobs": [{"env": {"A": text}}]}
        masked, secrets = mask_secrets(value, json.dumps(value))
        assert secrets.counts == {kind: 1}
        assert not secrets.is_in_key
        assert masked == {"jobs": [{"env": {"A": mask_text(text)}}]}
        assert MASK in mask_text(text)
        assert token[len(token) // 2 :] not in mask_text(text)
        assert token[8:40] not in mask_text(text)
    assert mask_secrets({token: 1}, json.dumps({token: 1}))[1].is_in_key


@pytest.mark.parametrize(
    "text",
    [
        "${{ secrets.GITHUB_TOKEN }}",
        "ghp_${{ secrets.TOKEN }}",
        "https://x-access-token:${GITHUB_TOKEN}@github.com/o/r",
        "ghp_token",
        "npm_config_cache",
        "echo sk-learn",
        "task-" + drawn(48),
        "AKIA",
        drawn(40),
        "x" + "AK" + "IA" + drawn(16, string.ascii_uppercase),
        "AK" + "IA" + drawn(30, string.ascii_uppercase),
        "actions/checkout@" + drawn(40, HEX),
        "sha256:" + drawn(64, HEX),
        "grep -q '" + dashes("BEGIN RSA PRIVATE KEY") + "' key.pem",
        dashes("BEGIN PRIVATE KEY") + "\n${{ secrets.KEY }}\n" + dashes("END PRIVATE KEY"),
        dashes("BEGIN PRIVATE KEY") + "\n...\n" + dashes("END PRIVATE KEY") + "\n" + drawn(64),
        dashes("BEGIN PUBLIC KEY") + "\n" + drawn(64) + "\n" + dashes("END PUBLIC KEY"),
        dashes("BEGIN CERTIFICATE") + "\n" + drawn(64) + "\n" + dashes("END CERTIFICATE"),
        "the PRIVATE KEY of " + drawn(64),
    ],
)
def test_what_only_resembles_a_secret_is_none(text: str) -> None:
    assert found_in({"run": text}) == {}
    assert mask_text(text) == text


def test_all_secrets_of_a_value_are_counted_by_kind_and_the_rest_is_unchanged() -> None:
    token, key = TOKENS["GitHub token"][0], TOKENS["private key"][1]
    value = {"a": f"{token} {token}", "b": [1, None, True, 1.5, key, "plain", {}], "c": {}}
    masked, secrets = mask_secrets(value, json.dumps(value))
    assert secrets.counts == {"GitHub token": 2, "private key": 1}
    assert masked == {"a": f"{MASK} {MASK}", "b": [1, None, True, 1.5, MASK, "plain", {}], "c": {}}
    clean = {"a": "nothing"}
    assert mask_secrets(clean, json.dumps(clean))[0] is clean


def test_unfinished_secrets_take_linear_time() -> None:
    size = 1 << 17  # this would take hours if each header were read to the end of the text
    beginnings = (
        dashes("BEGIN RSA PRIVATE KEY"),
        dashes("BEGIN PRIVATE KEY") + "a" * 39,
        "sk-" + "ant-",
        "s" + "k-proj-",
    )
    beginnings += (
        "gl" + "pat-",
        "xo" + "xb-",
        "gh" + "p_",
        "dckr" + "_pat_",
        "py" + "pi-AgE",
        "AKIA",
        "1" * 9 + ":AA",
        "S" + "G.",
    )
    for beginning in beginnings:
        for between in ("", "\n", "_", "a" * 30):
            mask_text((beginning + between) * (size // len(beginning + between)))
