"""The format `regex`: ECMA-262 regular expressions, as far as they are a regular language.

Out: expressions that are valid with the flag `u` (ECMA-262, section 22.2.1), widened by the escapes of punctuation that
are valid without it. Left out of what is valid, since no finite state carries it or too many would:

* groups within `MAX_DEPTH` others or more, and in a look-around other look-arounds or groups in groups;
* back-references; named groups but one that stands outside other groups, where those hold no groups;
* `{m,n}` with bounds of equally many digits, three or more;
* ranges in a class but within digits, capitals, small letters or the punctuation before them, from one of `BLOCKS` to
  a later one, or between `\\x..` escapes with another first digit;
* the escapes `\\0`, `\\u{...}` and of surrogates, pattern modifiers, and Unicode properties but `CATEGORIES`.
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
# A code unit that is half a character is left out: with the next one it would be another character.
CODE_POINT = f"x{HEX}{{2}}|u(?:[0-9A-CEFa-cef]{HEX}{{3}}|[Dd][0-7]{HEX}{{2}})"
CATEGORIES = "L[ulmot]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?"
ESCAPE = rf"\\(?:[DSWdfnrstvw]|c[A-Za-z]|{CODE_POINT}|[ -/:-@\[-`{{-~]|[Pp]\{{(?:{CATEGORIES})\}})"
CHARACTER = r"[^\^$\\*+?()\[\]{}|]"

# ASCII in order, cut where digits and letters begin and end; without `-`, `\`, `]` and `^`, which mean more in a class.
BLOCKS = (" -,./", "0-9", ":-@", "A-Z", r"\[_`", "a-z", "{-~", r"\u{80}-\u{10ffff}")
# Of these, characters of one kind make a range where they are in order.
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
    """A class; `-` stands for itself at its ends and after a range, where it cannot make another one."""
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
    """Terms and `|` in any order: alternatives may be empty."""
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
