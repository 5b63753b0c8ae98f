"""Formats of texts, such as dates and addresses, as regular languages of UTF-8 texts.

In: the name of a format. Out: the language of its texts. Invariant: every text of a language is valid under its format,
by the specification that is named at its source.

The expressions are plain (no intersection, complement or arithmetic). So a language is smaller than its format if a
limit counts across parts, or if the format is not regular:

* `hostname`, also in `email`: at most three labels of any length, or eight labels of which all but the first have at
  most 26 octets. Under RFC 5890 no A-labels (`xn--...`), which must be valid Punycode.
* `email`: local parts of up to 64 octets without a dot, up to 62 with one or two dots, up to 32 besides the dots with
  more. Quoted pairs only of `"` and `\\`, and no `<` within quotes.
* `time`, `date-time`: leap seconds only at offsets of whole quarters of an hour; every time zone that has ever seen a
  leap second has such an offset.
* `relative-json-pointer`: without the index manipulation that the newest draft of the format adds.
* `iri`, `iri-reference`, `uri-template`: without planes 4 to 13, where Unicode has assigned no characters.
* `idn-hostname`, also in `idn-email`: non-ASCII labels of up to 12 `LETTERS`, or up to 6 with hyphens, and at most four
  such labels. Longer labels might exceed 63 octets as Punycode, and the rules for other characters are not regular.
* `regex`: see `regex_format.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from schemalm.regular.language import NOTHING, Language, sequence, union
from schemalm.regular.pattern import pattern_language
from schemalm.regular.regex_format import regex_texts
from schemalm.regular.words import literal

MAX_REPEAT = 64

# RFC 3339, section 5.6 and appendix C: every fourth year is a leap year, but only every fourth century year.
LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
LONG_MONTH_DAY = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
SHORT_MONTH_DAY = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
FEBRUARY_DAY = "02-(?:0[1-9]|1[0-9]|2[0-8])"
DATE = f"(?:[0-9]{{4}}-(?:{LONG_MONTH_DAY}|{SHORT_MONTH_DAY}|{FEBRUARY_DAY})|{LEAP_YEAR}-02-29)"
HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
FRACTION = r"(?:\.[0-9]+)?"
TIME = f"{HOUR_MINUTE}:[0-5][0-9]{FRACTION}(?:[Zz]|[+-]{HOUR_MINUTE})"

# RFC 3339, appendix A (the durations of ISO 8601): no unit may be skipped between two others.
DURATION_TIME = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
DURATION_DATE = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
DURATION = f"P(?:{DURATION_DATE}(?:{DURATION_TIME})?|{DURATION_TIME}|[0-9]+W)"

# RFC 2673, section 3.2; RFC 4291, section 2.2.
OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{OCTET}(?:\.{OCTET}){{3}}"
HEX = "[0-9A-Fa-f]"
IPV6_GROUP = f"{HEX}{{1,4}}"


def _ipv6_end(num_groups: int) -> str:
    """What may follow `::` if at most `num_groups` groups are left; an IPv4 address counts as two."""
    if num_groups == 0:
        return ""
    ends = [f"{IPV6_GROUP}(?::{IPV6_GROUP}){{0,{num_groups - 1}}}"]
    if num_groups >= 2:
        ends.append(f"(?:{IPV6_GROUP}:){{0,{num_groups - 2}}}{IPV4}")
    return f"(?:{'|'.join(ends)})?"


def _ipv6_rest(num_groups: int) -> str:
    """What may follow the first `num_groups` of the eight groups if they contain no `::`."""
    if num_groups == 8:
        return ""
    ends = [f":{_ipv6_end(7 - num_groups)}", IPV6_GROUP + _ipv6_rest(num_groups + 1)]
    return f":(?:{'|'.join([*ends, IPV4] if num_groups == 6 else ends)})"


IPV6 = f"(?:::{_ipv6_end(7)}|{IPV6_GROUP}{_ipv6_rest(1)})"

# RFC 1123, section 2.1, and RFC 1034, section 3.1: labels of 63 octets, names of 253.
ALPHANUMERIC, LETTER_DIGIT_HYPHEN = "[0-9A-Za-z]", "[0-9A-Za-z-]"
ANY_LABEL = f"{ALPHANUMERIC}(?:{LETTER_DIGIT_HYPHEN}{{0,61}}{ALPHANUMERIC})?"


def _label(longest: int) -> str:
    """A label of at most `longest` octets that RFC 5890, section 2.3.1, does not reserve (`--` as octets 3 and 4)."""
    a, b = ALPHANUMERIC, LETTER_DIGIT_HYPHEN
    return f"{a}(?:{b}{{0,2}}{a}|{b}(?:{a}{b}|-{a}){b}{{0,{longest - 5}}}{a})?"


def _hostname(longest: str, shorter: str) -> str:
    """Names of at most 253 octets from labels of 63 octets and labels of 26: 3 * 63 + 2, 63 + 7 * 27."""
    return rf"{longest}(?:(?:\.{longest}){{0,2}}|(?:\.{shorter}){{0,7}})"


ANY_HOSTNAME = _hostname(ANY_LABEL, ANY_LABEL.replace("61", "24"))
HOSTNAME = _hostname(_label(63), _label(26))

# RFC 5892: letters that are valid in any position (PVALID): Latin, Greek, Cyrillic, kana, Han and Hangul.
LETTERS = (
    r"\u{df}-\u{f6}\u{f8}-\u{ff}\u{3ac}-\u{3ce}\u{430}-\u{45f}"
    r"\u{3041}-\u{3096}\u{30a1}-\u{30fa}\u{4e00}-\u{9fa5}\u{ac00}-\u{d7a3}"
)
LETTER = f"[0-9A-Za-z{LETTERS}]"
UNICODE_LABEL = f"(?:{LETTER}{{1,12}}|{LETTER}(?:-?{LETTER}){{0,5}})"
# The full stops of UTS 46.
UNICODE_DOT = r"[.\u{3002}\u{ff0e}\u{ff61}]"
UNICODE_HOSTNAME = f"(?:{HOSTNAME}|{UNICODE_LABEL}(?:{UNICODE_DOT}{UNICODE_LABEL}){{0,3}})"

# RFC 5321, section 4.1.2, and 4.5.3.1.1 for the 64 octets; RFC 6531, section 3.3, adds all non-ASCII characters.
ATOM_CHARACTERS = r"0-9A-Za-z!#$%&'*+/=?^_`{|}~\-"
BEYOND_ASCII = r"\u{80}-\u{10ffff}"
ADDRESS_LITERAL = rf"\[(?:{IPV4}|IPv6:{IPV6})\]"


def _email(beyond: str, domain: str) -> str:
    """Addresses whose local part may contain the characters `beyond` besides ASCII."""
    a = f"[{ATOM_CHARACTERS}{beyond}]"
    dotted = rf"{a}{{1,31}}\.{a}{{1,32}}|{a}{{1,20}}(?:\.{a}{{1,20}}){{2}}|{a}(?:\.?{a}){{0,31}}"
    quoted = rf'"(?:[ !#-;=-\[\]-~{beyond}]|\\["\\]){{0,31}}"'
    return f"(?:{a}{{1,64}}|{dotted}|{quoted})@(?:{domain}|{ADDRESS_LITERAL})"


# RFC 3986, appendix A, and RFC 3987, section 2.2, which adds characters but changes no rule.
UNRESERVED, SUB_DELIMITERS = r"0-9A-Za-z._~\-", "!$&'()*+,;="
ENCODED = f"%{HEX}{{2}}"
PLANES = "".join(rf"\u{{{plane}0000}}-\u{{{plane}fffd}}" for plane in (1, 2, 3))
UCS_CHARACTERS = rf"\u{{a0}}-\u{{d7ff}}\u{{f900}}-\u{{fdcf}}\u{{fdf0}}-\u{{ffef}}{PLANES}\u{{e1000}}-\u{{efffd}}"
PRIVATE_CHARACTERS = r"\u{e000}-\u{f8ff}\u{f0000}-\u{ffffd}\u{100000}-\u{10fffd}"


def _resource(beyond: str, private: str, relative: bool) -> str:
    """An identifier with the characters `beyond`, and `private` in its query; `relative`: also a relative reference."""
    plain = UNRESERVED + SUB_DELIMITERS + beyond
    segment, segments = f"(?:[{plain}:@]|{ENCODED})", f"(?:/(?:[{plain}:@]|{ENCODED})*)*"
    future = rf"[Vv]{HEX}+\.[{UNRESERVED}{SUB_DELIMITERS}:]+"
    host = rf"(?:\[(?:{IPV6}|{future})\]|(?:[{plain}]|{ENCODED})*)"
    authority = f"//(?:(?:[{plain}:]|{ENCODED})*@)?{host}(?::[0-9]*)?{segments}"
    absolute = f"/(?:{segment}+{segments})?"
    end = rf"(?:\?(?:[{plain}:@/?{private}]|{ENCODED})*)?(?:#(?:[{plain}:@/?]|{ENCODED})*)?"
    identifier = rf"[A-Za-z][0-9A-Za-z+.\-]*:(?:{authority}|{absolute}|{segment}+{segments})?{end}"
    no_scheme = f"(?:[{plain}@]|{ENCODED})+{segments}"
    return f"{identifier}|(?:{authority}|{absolute}|{no_scheme})?{end}" if relative else identifier


# RFC 6570, section 2, with erratum 6937: an apostrophe is a literal.
TEMPLATE_LITERAL = rf"[!#$&-;=?-\[\]_a-z~{UCS_CHARACTERS}{PRIVATE_CHARACTERS}]|{ENCODED}"
VARIABLE_CHARACTER = f"(?:[0-9A-Za-z_]|{ENCODED})"
VARIABLE = rf"{VARIABLE_CHARACTER}(?:\.?{VARIABLE_CHARACTER})*(?::[1-9][0-9]{{0,3}}|\*)?"
URI_TEMPLATE = rf"(?:{TEMPLATE_LITERAL}|\{{[+#./;?&=,!@|]?{VARIABLE}(?:,{VARIABLE})*\}})*"

# RFC 6901, section 3.
JSON_POINTER = "(?:/(?:[^~/]|~[01])*)*"

SOURCES: dict[str, Callable[[], str]] = {
    "date": lambda: DATE,
    "duration": lambda: DURATION,
    "email": lambda: _email("", HOSTNAME),
    "idn-email": lambda: _email(BEYOND_ASCII, UNICODE_HOSTNAME),
    "hostname": lambda: HOSTNAME,
    "idn-hostname": lambda: UNICODE_HOSTNAME,
    "ipv4": lambda: IPV4,
    "ipv6": lambda: IPV6,
    "uri": lambda: _resource("", "", relative=False),
    "uri-reference": lambda: _resource("", "", relative=True),
    "iri": lambda: _resource(UCS_CHARACTERS, PRIVATE_CHARACTERS, relative=False),
    "iri-reference": lambda: _resource(UCS_CHARACTERS, PRIVATE_CHARACTERS, relative=True),
    "uri-template": lambda: URI_TEMPLATE,
    # RFC 4122, section 3.
    "uuid": lambda: f"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}",
    "json-pointer": lambda: JSON_POINTER,
    # draft-handrews-relative-json-pointer-01, section 3.
    "relative-json-pointer": lambda: f"(?:0|[1-9][0-9]*)(?:#|{JSON_POINTER})",
}


# For each language that is smaller than its format: texts that may be of the format. All others certainly are not.
ANYTHING = "[^]*"
POSSIBLE = {
    **dict.fromkeys(("email", "idn-email"), "[^]*@[^]*"),
    **dict.fromkeys(("time", "date-time"), "[^]*:60[^]*"),
    **dict.fromkeys(("uri", "iri"), "[^]*:[^]*"),
    **dict.fromkeys(("uri-reference", "iri-reference", "uri-template", "regex", "idn-hostname"), ANYTHING),
    "hostname": r"[0-9A-Za-z.\-]+",
    "relative-json-pointer": "[0-9]+[+-][^]*",
}


def doubtful_texts(name: str) -> Language:
    """Texts that may be of a format although its language does not contain them; some texts of the language as well."""
    if name not in POSSIBLE:
        return NOTHING
    return _texts(POSSIBLE[name])


@cache
def format_language(name: str, reserves_labels: bool = True) -> Language:
    """The texts of the format `name`, one of `FORMATS`.

    reserves_labels: whether the labels of a `hostname` follow RFC 5890, which reserves some, rather than RFC 1034.
    """
    if name == "hostname" and not reserves_labels:
        return _texts(ANY_HOSTNAME)
    if name in COMPOSED:
        return COMPOSED[name]()
    return _texts(SOURCES[name]())


@cache
def _texts(source: str) -> Language:
    return pattern_language(f"^(?:{source})$", MAX_REPEAT)


def _leap_seconds() -> Language:
    """The times hh:mm:60 that are 23:59:60 in UTC, at offsets of whole quarters of an hour (RFC 3339, section 5.7)."""
    fraction, utc = _texts(FRACTION), _texts("[Zz]")
    times = []
    for ahead in range(0, 24 * 60, 15):
        behind = -ahead % (24 * 60)
        offsets = [literal(b"+" + _clock(ahead)), literal(b"-" + _clock(behind))]
        local = literal(_clock((ahead - 1) % (24 * 60)) + b":60")
        times.append(sequence(local, fraction, union(offsets if ahead else [*offsets, utc])))
    return union(times)


def _clock(minutes: int) -> bytes:
    return f"{minutes // 60:02}:{minutes % 60:02}".encode()


def _time() -> Language:
    return union([_texts(TIME), _leap_seconds()])


COMPOSED: dict[str, Callable[[], Language]] = {
    "time": _time,
    "date-time": lambda: sequence(_texts(f"{DATE}[Tt]"), _time()),
    "regex": regex_texts,
}
FORMATS = SOURCES.keys() | COMPOSED.keys()
