"""Internationalized host names (the format `idn-hostname`), as far as they are a regular language.

Out: the source of an expression whose texts are valid under IDNA2008 (RFC 5891 to 5893), read with the mapping of
UTS 46 as applications do: capitals count as small letters, and three more full stops as dots. Left out are:

* A-labels (`xn--...`), which must be valid Punycode;
* code points beyond the blocks below, and marks beyond one per letter;
* U-labels that might exceed 63 octets as Punycode: up to 20 letters of `ALPHABET` and 12 of all scripts are safe;
* names of more than four labels where one is a U-label (253 octets as A-labels);
* in labels from right to left (RFC 5893) other scripts than Hebrew and Arabic; a joiner outside Devanagari and Arabic.
"""

from __future__ import annotations

# Letters of Latin, Greek, Cyrillic and Armenian: few enough that Punycode stays short.
ALPHABET = (
    r"\u{df}-\u{f6}\u{f8}-\u{131}\u{134}-\u{13e}\u{141}-\u{148}\u{14a}-\u{17e}"
    r"\u{3ac}-\u{3ce}\u{430}-\u{45f}\u{561}-\u{586}"
)
HAN_AND_KANA = r"\u{3041}-\u{3096}\u{309d}\u{309e}\u{30a1}-\u{30fa}\u{30fd}\u{30fe}\u{4e00}-\u{9fa5}"
# Devanagari, Tibetan delimiter, Georgian, marks of kana and Han, Hangul, and the extended Arabic-Indic digits, whose
# direction is that of 0 to 9.
OTHERS = r"\u{904}-\u{939}\u{f0b}\u{10d0}-\u{10fa}\u{3005}\u{3007}\u{30fc}\u{ac00}-\u{d7a3}\u{6f0}-\u{6f9}"
MARK = r"[\u{301}\u{93e}-\u{94c}]"
# RFC 5892, appendix A.1 and A.2: joiners follow a virama; A.3: the middle dot stands between two l; A.4: KERAIA.
DEVANAGARI = r"[\u{915}-\u{939}]\u{94d}[\u{200c}\u{200d}]"
CATALAN = r"l\u{b7}l"
GREEK_NUMBER = r"\u{375}[\u{3b1}-\u{3c9}]"

HEBREW = r"\u{5d0}-\u{5ea}"
ARABIC = r"\u{620}-\u{63f}\u{641}-\u{64a}\u{671}-\u{674}\u{679}-\u{6d3}\u{6fd}\u{6fe}"
# Letters that join on both sides.
JOINING = r"[\u{628}\u{62a}-\u{62e}\u{633}-\u{63a}\u{641}-\u{647}\u{64a}]"

DOT = r"[.\u{3002}\u{ff0e}\u{ff61}]"


def _hyphenated(unit: str, most: int) -> str:
    """Up to `most` units, with single hyphens between them."""
    return f"{unit}(?:-?{unit}){{0,{most - 1}}}"


def _left_to_right() -> str:
    """A U-label, or one of ASCII that has no two hyphens in a row."""
    letter, any_letter = f"[0-9A-Za-z{ALPHABET}]", f"[0-9A-Za-z{ALPHABET}{HAN_AND_KANA}{OTHERS}]"
    unit = f"(?:{any_letter}{MARK}?|{DEVANAGARI}|{CATALAN}|{GREEK_NUMBER})"
    # RFC 5892, appendix A.7: the katakana middle dot needs a letter of Han or kana in its label.
    dotted = rf"(?:\u{{30fb}}?[{HAN_AND_KANA}]){{1,7}}\u{{30fb}}?"
    return f"(?:{letter}{{1,20}}|{_hyphenated(letter, 12)}|{any_letter}{{1,12}}|{_hyphenated(unit, 6)}|{dotted})"


def _right_to_left() -> str:
    """RFC 5893, section 2: begins with a letter, and has one sort of digits."""
    hebrew = rf"[{HEBREW}][\u{{5f3}}\u{{5f4}}]?"
    letter = rf"(?:[{ARABIC}]|{JOINING}\u{{200c}}{JOINING}|{hebrew})"
    digits = [rf"[{sort}]" for sort in ("0-9", r"\u{660}-\u{669}", r"\u{6f0}-\u{6f9}")]
    return f"{letter}(?:{'|'.join(f'(?:-?(?:{letter}|{sort})){{0,6}}' for sort in digits)})"


def idn_hostname_source(hostname: str) -> str:
    """The names as an expression of ECMA-262; `hostname`: that of the names of ASCII alone."""
    left, right = _left_to_right(), _right_to_left()
    # Beside a label from right to left, others begin with a letter and end with no mark.
    beside = "[A-Za-z](?:-?[0-9A-Za-z]){0,6}"
    bidirectional = f"(?:{right}|{beside})"
    return f"{hostname}|{left}(?:{DOT}{left}){{0,3}}|{bidirectional}(?:{DOT}{bidirectional}){{0,3}}"
