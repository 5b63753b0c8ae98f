"""The format `regex`: the regular part of the syntax of ECMA-262 regular expressions.

Out: expressions that are valid with the flag `u` (ECMA-262, section 22.2.1), plus the escapes of punctuation that are
valid without it. Some valid expressions are left out, because no finite state can check them or too many could:

* groups nested in `MAX_DEPTH` others or more; in a look-around, other look-arounds and groups within groups;
* back-references; named groups, except one outside all other groups if those contain no groups;
* `{m,n}` with bounds of the same number of digits, three or more;
* class ranges, except within digits, capitals, small letters or the punctuation before them, from one of `BLOCKS` to a
  later one, or between `\\x..` escapes with another first digit;
* the escapes `\\0`, `\\u{...}` and of surrogates, pattern modifiers, and Unicode properties other than `CATEGORIES`.
"""

from __future__ import annotations

import string
from functools import cache

from schemalm.regular.language import Language, repeat, sequence, union
from schemalm.regular.pattern import pattern_language
from schemalm.regular.words import literal, words

# Real schemas nest groups up to eight deep, for IPv6 addresses.
MAX_DEPTH = 8
MAX_REPEAT = 8

HEX = "[0-9A-Fa-f]"
# Surrogate escapes are left out: combined with the next escape, they would be another character.
CODE_POINT = f"x{HEX}{{2}}|u(?:[0-9A-CEFa-cef]{HEX}{{3}}|[Dd][0-7]{HEX}{{2}})"
CATEGORIES = "L[ulmot]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?"
ESCAPE = rf"\\(?:[DSWdfnrstvw]|c[A-Za-z]|{CODE_POINT}|[ -/:-@\[-`{{-~]|[Pp]\{{(?:{CATEGORIES})\}})"
CHARACTER = r"[^\^$\\*+?()\[\]{}|]"

# ASCII in order, split where digits and letters begin and end; without `-`, `\`, `]` and `^`, special in a class.
BLOCKS = (" -,./", "0-9", ":-@", "A-Z", r"\[_`", "a-z", "{-~", r"\u{80}-\u{10ffff}")
# Characters of one kind form a range if they are in order.
KINDS = (" !\"#$%&'()*+,./", string.digits, string.ascii_lowercase, string.ascii_uppercase)
CLASS_CHARACTER = r"[^\]\\\-]"


def _texts(source: str) -> Language:
    return pattern_language(f"^(?:{source})$", MAX_REPEAT)


def _counts() -> Language:
    """`{m}`, `{m,}` and `{m,n}` with m <= n, of up to five digits."""
    pairs = words(f"{{{low},{high}}}".encode() for low in range(100) for high in range(low, 100))
    longer = [f"[1-9][0-9]{{{more}}},[1-9][0-9]{{{more + 1},4}}" for more in range(1, 4)]
    others = ["(?:0|[1-9][0-9]{0,4}),?", "[0-9],[1-9][0-9]{2,4}", *longer]
    return union([pairs, _texts(rf"\{{(?:{'|'.join(others)})\}}")])


def _class() -> Language:
    """A class; `-` is an ordinary character at its ends and after a range, where it cannot form another range."""
    pairs = [(low, high) for kind in KINDS for low in kind for high in kind if low <= high]
    upwards = [f"[{low}]-[{''.join(BLOCKS[index + 1 :])}]" for index, low in enumerate(BLOCKS[:-1])]
    digits = "0123456789abcdef"
    above = [(low, digits[value:] + digits[value:].upper()) for value, low in enumerate(digits[:-1], start=1)]
    escapes = "|".join(rf"[{low}{low.upper()}]{HEX}-\\x[{highs}]{HEX}" for low, highs in above)
    upwards.append(rf"\\x(?:{escapes})")
    ranges = union([words(f"{low}-{high}".encode() for low, high in pairs), _texts("|".join(upwards))])
    dash = repeat(literal(b"-"), 0, 1)
    item = union([sequence(ranges, dash), _texts(rf"{CLASS_CHARACTER}|{ESCAPE}|\\b")])
    return sequence(_texts(r"\[\^?"), dash, repeat(item, 0, None), dash, literal(b"]"))


def _disjunction(atoms: list[Language], assertions: list[Language], quantifier: Language) -> Language:
    """Terms and `|` in any order; alternatives may be empty."""
    optional = repeat(quantifier, 0, 1)
    return repeat(union([_texts(r"[|^$]|\\[Bb]"), *assertions, sequence(union(atoms), optional)]), 0, None)


@cache
def regex_texts() -> Language:
    """The texts of the format `regex`."""
    quantifier = sequence(union([_texts("[*+?]"), _counts()]), _texts(r"\??"))
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
