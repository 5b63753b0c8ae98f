"""The format `regex`: ECMA-262 regular expressions, as far as they are a regular language.

Out: expressions that are valid with the flag `u` (ECMA-262, section 22.2.1), widened by the escapes of punctuation that
are valid without it. Left out of what is valid, since no finite state carries it or too many would:

* groups within `MAX_DEPTH` others or more, and in a look-around other look-arounds or groups in groups;
* back-references; named groups but one that stands outside other groups, where those hold no groups;
* `{m,n}` with bounds of equally many digits, three or more, whose first digits are equal;
* ranges in a class but within digits, capitals, small letters or the punctuation before them, from one of `BLOCKS` to
  a later one, or between two hexadecimal escapes of which `_ordered_escapes` sees that they are in order;
* the escape `\\0`, lone surrogates, pattern modifiers, and Unicode properties but common ones.
"""

from __future__ import annotations

import string
from functools import cache

from schemalm.regular.language import Language, literal, repeat, sequence, union, words
from schemalm.regular.pattern import pattern_language

# Real schemas nest groups up to eight deep, for addresses of IPv6.
MAX_DEPTH = 8
MAX_REPEAT = 8

HEX = "[0-9A-Fa-f]"
# Code units that are no surrogates: those would join to one character.
CODE_UNIT = f"(?:[0-9A-CEFa-cef]{HEX}{{3}}|[Dd][0-7]{HEX}{{2}})"
CATEGORY = "L[ulmot]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfson]?|Letter|Number|Punctuation|Symbol"
SCRIPT = "Script=(?:Latin|Greek|Cyrillic|Arabic|Hebrew|Thai|Devanagari|Han|Hiragana|Katakana|Hangul)"
PROPERTY = rf"[Pp]\{{(?:{CATEGORY}|Alphabetic|Uppercase|Lowercase|Emoji|ASCII|Any|{SCRIPT})\}}"
CODE_POINT = rf"x{HEX}{{2}}|u(?:{CODE_UNIT}|\{{(?:{HEX}{{1,5}}|10{HEX}{{4}})\}})"
PUNCTUATION = r"[ -/:-@\[-`{-~]"
ESCAPE = rf"\\(?:[DSWdfnrstvw]|c[A-Za-z]|{CODE_POINT}|{PUNCTUATION}|{PROPERTY})"
CHARACTER = r"[^\^$\\*+?()\[\]{}|]"

# ASCII in order, cut where digits and letters begin and end; without `-`, `\`, `]` and `^`, which mean more in a class.
BLOCKS = (" -,./", "0-9", ":-@", "A-Z", r"\[_`", "a-z", "{-~", r"\u{80}-\u{10ffff}")
CLASS_CHARACTER = r"[^\]\\\-]"


# Hexadecimal digits, and others above all of them; those of surrogates (D8 to DF) are no others.
ABOVE = (
    ("0", "[1-9A-CEFa-cef]"),
    ("[0-3]", "[4-9A-CEFa-cef]"),
    ("[0-7]", "[89A-CEFa-cef]"),
    ("[89]", "[A-CEFa-cef]"),
    ("[A-Ca-c]", "[EFef]"),
)


def _ordered_escapes() -> str:
    """Ranges of two hexadecimal escapes, of which the second is above by the digit after a prefix that they share."""
    rest = {prefix: f"{HEX}{{{3 - len(prefix)}}}" for prefix in ("", "0", "00")}
    units = [rf"{p}{low}{r}-\\u{p}{high}{r}" for p, r in rest.items() for low, high in ABOVE]
    units += [rf"0{digit}[0-7]{HEX}-\\u0{digit}[89A-Fa-f]{HEX}" for digit in "123456789"]
    octets = [rf"{low}{HEX}-\\x{high}{HEX}" for low, high in ABOVE]
    return rf"\\(?:u(?:{'|'.join(units)})|x(?:{'|'.join(octets)}))"


def _bounds() -> str:
    """`{m}`, `{m,}` and `{m,n}` with m <= n, of up to five digits."""
    pairs = [f"{digit},[{digit}-9]" for digit in string.digits]
    pairs.append("[0-9],[1-9][0-9]{1,4}")
    for tens in "123456789":
        above = f"|[{int(tens) + 1}-9][0-9]" if tens != "9" else ""
        units = "|".join(f"{unit},(?:{tens}[{unit}-9]{above})" for unit in string.digits)
        pairs.append(f"{tens}(?:{units})")
    for more in (1, 2, 3):
        pairs.append(f"[1-9][0-9]{{{more}}},[1-9][0-9]{{{more + 1},4}}")
    for more in (2, 3, 4):
        pairs += [f"{digit}[0-9]{{{more}}},[{digit + 1}-9][0-9]{{{more}}}" for digit in range(1, 9)]
    return rf"\{{(?:(?:0|[1-9][0-9]{{0,4}}),?|{'|'.join(pairs)})\}}"


def _texts(source: str) -> Language:
    return pattern_language(f"^(?:{source})$", MAX_REPEAT)


def _class() -> Language:
    """A class; `-` stands for itself at its ends and after a range, where it cannot make another one."""
    alike = words(
        f"{low}-{high}".encode()
        for kind in (" !\"#$%&'()*+,./", string.digits, string.ascii_lowercase, string.ascii_uppercase)
        for low in kind
        for high in kind
        if low <= high
    )
    upwards = [f"[{low}]-[{''.join(BLOCKS[index + 1 :])}]" for index, low in enumerate(BLOCKS[:-1])]
    ranges = union([alike, _texts("|".join([*upwards, _ordered_escapes()]))])
    dash = repeat(literal(b"-"), 0, 1)
    item = union([sequence(ranges, dash), _texts(rf"{CLASS_CHARACTER}|{ESCAPE}|\\b")])
    return sequence(_texts(r"\[\^?"), dash, repeat(item, 0, None), dash, literal(b"]"))


def _disjunction(atoms: list[Language], assertions: list[Language], quantifier: Language) -> Language:
    """Terms and `|` in any order: alternatives may be empty."""
    optional = repeat(quantifier, 0, 1)
    return repeat(union([_texts(r"[|^$]|\\[Bb]"), *assertions, sequence(union(atoms), optional)]), 0, None)


@cache
def regex_texts() -> Language:
    """The texts of the format `regex`."""
    quantifier = _texts(rf"(?:[*+?]|{_bounds()})\??")
    simple = [_texts(f"{CHARACTER}|{ESCAPE}"), _class()]
    opening, closing = _texts(r"\((?:\?:)?"), literal(b")")
    body = _disjunction(simple, [], quantifier)
    flat = _disjunction([*simple, sequence(opening, body, closing)], [], quantifier)
    look_around = sequence(_texts(r"\(\?<?[=!]"), flat, closing)
    for _ in range(MAX_DEPTH):
        body = _disjunction([*simple, sequence(opening, body, closing)], [look_around], quantifier)
    name = _texts(r"\(\?<[A-Za-z_$][0-9A-Za-z_$]*>")
    named = sequence(flat, name, flat, closing, repeat(quantifier, 0, 1), flat)
    return union([body, named])
