"""Finds secrets in documents: tokens with a published format, and blocks of private keys.

Input: a value. Output: the number of secrets of each kind, and the value with the secrets masked. No secret leaves this
module, only kinds and counts. Everything that has the format counts, including examples. Passwords and keys without a
format of their own are not found; expressions that name a secret (`${{ secrets.TOKEN }}`) are not secrets. The time is
linear in the text: no pattern reads text twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from schemalm.documents.values import JSONValue

MASK = "***"
_ANY = r"[A-Za-z0-9_\-]"
# A header, then base64 that starts within 200 characters, then the footer if there is one.
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[^$<{*]){0,200}?[A-Za-z0-9+/]{40}"
    r"[A-Za-z0-9+/=\s\\]*+(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)


@dataclass(frozen=True)
class _Kind:
    """A kind of secret: its pattern, and marks of which its texts contain at least one.

    A letter or digit must not precede the pattern, and a letter, digit or underscore must not follow it.
    """

    name: str
    marks: tuple[str, ...]
    format: str

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z0-9])(?:{self.format})(?![A-Za-z0-9_])")


_KINDS = (
    _Kind("private key", ("PRIVATE KEY",), _PRIVATE_KEY),
    _Kind("age key", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _Kind("Anthropic key", ("sk-ant-",), rf"sk-ant-{_ANY}{{32,}}+"),
    _Kind("AWS access key id", ("AKIA", "ASIA"), r"A[KS]IA[A-Z0-9]{16}"),
    _Kind("Azure storage key", ("AccountKey=",), r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _Kind("Databricks token", ("dapi",), r"dapi[a-f0-9]{32}"),
    _Kind("DigitalOcean token", ("_v1_",), r"do[opr]_v1_[a-f0-9]{64}"),
    _Kind("Discord webhook", ("/api/webhooks/",), rf"discord(?:app)?\.com/api/webhooks/[0-9]{{17,20}}/{_ANY}{{60,}}+"),
    _Kind("Docker token", ("dckr_",), rf"dckr_[op]at_{_ANY}{{27,}}+"),
    _Kind("GitHub token", ("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), r"gh[opsur]_[A-Za-z0-9]{36,}+"),
    _Kind("GitHub token", ("github_pat_",), r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _Kind(
        "GitLab token",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-", "gloas-"),
        rf"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-{_ANY}{{20,}}+(?:\.{_ANY}{{2,}}+)*+",
    ),
    _Kind("Google API key", ("AIza",), rf"AIza{_ANY}{{35}}"),
    _Kind("Google OAuth secret", ("GOCSPX-",), rf"GOCSPX-{_ANY}{{28}}"),
    _Kind("Hugging Face token", ("hf_",), r"hf_[A-Za-z0-9]{34,}+"),
    _Kind("JSON web token", ("eyJ",), rf"eyJ{_ANY}{{10,}}+\.eyJ{_ANY}{{10,}}+\.{_ANY}{{20,}}+"),
    _Kind("npm token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
    _Kind("OpenAI key", ("sk-",), rf"sk-(?:(?:proj|svcacct|admin)-{_ANY}{{40,}}+|[A-Za-z0-9]{{48}})"),
    _Kind("PyPI token", ("pypi-AgE",), rf"pypi-AgE{_ANY}{{50,}}+"),
    _Kind("RubyGems key", ("rubygems_",), r"rubygems_[a-f0-9]{48}"),
    _Kind("SendGrid key", ("SG.",), rf"SG\.{_ANY}{{22}}\.{_ANY}{{43}}"),
    _Kind("Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _Kind("Slack token", ("xox", "xapp-"), r"(?:xox[abeoprs]|xoxe\.xox[bp]|xapp)-[A-Za-z0-9\-]{20,}+"),
    _Kind("Slack webhook", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{30,}+"),
    _Kind("Stripe key", ("k_live_",), r"[rs]k_live_[A-Za-z0-9]{16,}+"),
    _Kind("Telegram token", (":AA",), rf"[0-9]{{8,10}}:AA{_ANY}{{33}}"),
    _Kind("Vault token", ("hvs.",), rf"hvs\.{_ANY}{{24,}}+"),
)
_PATTERNS = [(kind.name, kind.marks, kind.pattern) for kind in _KINDS]


@dataclass
class Secrets:
    """The number of secrets of each kind in a value, and whether a key contains one; keys cannot be masked."""

    counts: Counter[str] = field(default_factory=Counter)
    is_in_key: bool = False


def mask_secrets(value: JSONValue, text: str) -> tuple[JSONValue, Secrets]:
    """Return the value with `***` in place of each secret, and what was found; without secrets, the value itself.

    text: the value's JSON text; non-ASCII characters may be escaped or not.
    """
    found = Secrets()
    kinds = _possible(text)
    return (_masked(value, kinds, found) if kinds else value), found


def mask_text(text: str) -> str:
    """Return a text with `***` in place of each secret."""
    return _masked_text(text, _possible(text), Secrets())


def _possible(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the kinds of secrets that a text may contain, judging by their marks."""
    return [(name, pattern) for name, marks, pattern in _PATTERNS if any(mark in text for mark in marks)]


def _masked(value: JSONValue, kinds: Iterable[tuple[str, re.Pattern[str]]], found: Secrets) -> JSONValue:
    if isinstance(value, str):
        return _masked_text(value, kinds, found)
    if isinstance(value, list):
        return [_masked(item, kinds, found) for item in value]
    if isinstance(value, dict):
        for key in value:
            found.is_in_key |= _masked_text(key, kinds, found) != key
        return {key: _masked(below, kinds, found) for key, below in value.items()}
    return value


def _masked_text(text: str, kinds: Iterable[tuple[str, re.Pattern[str]]], found: Secrets) -> str:
    for name, pattern in kinds:
        text, count = pattern.subn(MASK, text)
        if count:
            found.counts[name] += count
    return text
