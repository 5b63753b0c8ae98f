"""Where SchemaLM departs from the specification on purpose: written by hand, in this one place.

A departure that refuses a schema or a valid value is a price that is named here; none of them accepts an invalid value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Departure:
    """What is different, and why."""

    place: str
    departure: str
    why: str


SCHEMAS = (
    Departure(
        "`$ref` and its like",
        "A reference to a document outside the schema is refused; the meta-schemas of the drafts are known.",
        "Nothing is ever fetched; bundle the documents under `definitions` or `$defs`, each with its `$id`.",
    ),
    Departure(
        "`$schema`",
        "An address that is none of drafts 4, 6, 7, 2019-09 and 2020-12, or of the latest draft, is refused. Without "
        "`$schema` a schema may use the spellings of 2020-12, 7 or 4.",
        "What its keywords would mean is not known. Real schemas seldom name their draft.",
    ),
    Departure(
        "`$schema` in a part",
        "A part with a `$schema` of its own is read by that draft, with all that lies inside it, whether or not it "
        "has an `$id`; an address that is not known says nothing there.",
        "2020-12 says so of parts with an `$id` (9.3.2). Elsewhere `$schema` is not provided for; validators read "
        "it so. Their checks of schemas, such as `check_schema`, know the root's draft alone and may refuse the part.",
    ),
    Departure(
        "references in a circle",
        "Refused where a reference leads back to itself before any key or item, as in `allOf: [{$ref: '#'}]`.",
        "The specification leaves undefined what it means (2020-12, 9.4.1). Some validators do not end, others take "
        "it for true.",
    ),
    Departure(
        "`$vocabulary`",
        "Ignored: the keywords of the draft bind, and those of other vocabularies are annotations.",
        "A custom meta-schema would have to be fetched, and schemas with one are refused by their `$schema`.",
    ),
    Departure(
        "`dependencies`",
        "Binds in 2019-09 and 2020-12 too.",
        "Both meta-schemas still list it, and a schema that has it means it.",
    ),
    Departure(
        "lists without repetition (`enum`, `required`)",
        "Something listed twice is tolerated in a schema.",
        "It does no harm, and schemas that are in use do it.",
    ),
    Departure(
        "`pattern`, `patternProperties` with a dot",
        "Where a verdict depends on whether such a pattern matches (keys; strings under `not`, `oneOf` and `if`), "
        "texts with a carriage return, U+2028 or U+2029 are left out.",
        "By ECMA-262 the dot does not match them, by other engines it does: validators disagree.",
    ),
    Departure(
        "schemas without values",
        "A schema that no value satisfies is refused instead of refusing every instance.",
        "There is nothing to generate.",
    ),
    Departure(
        "`Limits`",
        "A schema over a limit is refused: 8 MiB, 128 levels (scalars count as one), least counts over 5,000, `{m,n}` "
        "over 5,000, `minProperties` over 100, 65,521 keys and strings that it lists, where the strings of an `enum` "
        "of more than 60,000 do not count. Values that need more than a million symbols count as impossible. A mask, "
        "the encoding of a document or a completion that takes more than a million units of work, about a second, ends "
        "in LimitError; so does a schema whose shortest value with different items takes more.",
        "A hostile schema has to end in an error. All limits can be set.",
    ),
    Departure(
        "`unevaluatedProperties`, `unevaluatedItems`",
        "Refused where over 8 branches decide what is evaluated.",
        "Every set of branches that may hold together becomes a case: 256 cases for 8 of them.",
    ),
)
TEXTS = (
    Departure(
        "`format`",
        "Every format that a draft names constrains values, whichever draft the schema names; `formats='annotate'` "
        "turns all of them into annotations. Other names are annotations.",
        "The drafts leave it open which formats are known. A schema that names one means it.",
    ),
    Departure(
        "`hostname`, `email`",
        "Narrower: host names of three labels, or of eight of which all but the first have 26 octets; since draft 7 no "
        "A-labels (`xn--...`). Local parts of an address: 64 octets without a dot, 62 with up to two dots in even "
        "parts, 32 characters and their dots otherwise; in quotes 31 characters.",
        "253 and 64 octets count across parts, which takes a state for every count; Punycode is not regular.",
    ),
    Departure(
        "`idn-hostname`, `idn-email`",
        "Narrower: no A-labels; labels beyond ASCII have up to 12 letters and digits, or 6 with single hyphens, of "
        "Latin, Greek, Cyrillic, kana, Han and Hangul, see `formats.py`; four labels at most.",
        "The length of Punycode and the rules of IDNA2008 over a whole label are not regular.",
    ),
    Departure(
        "`time`, `date-time`",
        "A leap second only at offsets of whole quarters of an hour.",
        "Every time zone that has met one keeps to quarters.",
    ),
    Departure(
        "`regex`",
        "Narrower: groups eight deep, no back-references, no look-around within look-around, no `\\0`, no lone "
        "surrogates; counts `{m,n}` and ranges only where it is plain that they are in order, see `regex_format.py`.",
        "Nesting and comparing are not regular.",
    ),
    Departure(
        "`relative-json-pointer`, `iri`, `iri-reference`, `uri-template`",
        "Narrower: no index manipulation (`0+1`); nothing of the Unicode planes 4 to 13.",
        "The newest draft of the one format alone has it; of the planes nothing is assigned.",
    ),
    Departure(
        "formats under `not`, `oneOf`, `if`",
        "Where a format is narrower than its definition, texts of which it is not certain that they are no such text "
        "cannot be written: `-` under `not: {format: hostname}`, any text with a colon under `not: {format: uri}`. For "
        "`regex`, `uri-reference`, `iri-reference`, `uri-template` and `idn-hostname` that leaves none: a schema that "
        "consists of such a negation is refused as one without values.",
        "Else an invalid value would be accepted.",
    ),
    Departure(
        "`pattern`, `patternProperties`",
        "Refused: back-references that may stand for a text, look-behind, word boundaries (`\\b`, `\\B`), look-ahead "
        "in a repetition, inline flags, 100 nested groups, properties of `\\p` other than general categories, `ASCII`, "
        "`Any`, `Assigned` and some others.",
        "Not regular, too large, rare, or not known to the tables at hand.",
    ),
    Departure(
        "counts in counts, many overlapping key patterns",
        "LimitError when a text is read, not when compiling, if an expression leaves over 1,000 alternatives, as "
        "`((a{1,50}){1,50}){1,50}` does, or if key patterns, such as 20 of a letter each, need over 20,000 states.",
        "Each set of alternatives or patterns is a state, and states are found when a text reaches them.",
    ),
    Departure(
        "`\\p{...}`",
        "The Unicode version is that of the Python that runs: 14.0 in 3.11, 15.0 in 3.12, 15.1 in 3.13.",
        "The categories are those of the standard library.",
    ),
    Departure(
        "strings",
        "Texts with a lone surrogate are refused.",
        "They are no Unicode text and have no UTF-8.",
    ),
)
VALUES = (
    Departure(
        "numbers",
        "Integers over 309 digits cannot be written.",
        "309 digits hold every integer that a double can hold.",
    ),
    Departure(
        "`type: integer` where a schema tells integers from fractions",
        "Fractions within 1e-14 of an integer's size around it cannot be written, such as 1.0000000000000002 under "
        "`not: {type: integer}`.",
        "Texts of 16 or 17 digits may stand for a float that is written otherwise; which do is not regular.",
    ),
    Departure(
        "`multipleOf`",
        "Read as decimal numbers: 0.3 is a multiple of 0.1. Floats of over 15 digits whose further digits matter "
        "cannot be written (0.30000000000000004 for 0.1, 1.0000000000000002 for `not: {multipleOf: 1}`), nor can "
        "floats from 1e16 on, unless the divisor has no prime factors but 2 and 5.",
        "A float keeps 17 digits at most; every remainder at 17 digits would be a state.",
    ),
    Departure(
        "bounds beyond 2 ** 53",
        "Floats between an integer bound and the values next to it cannot be written, such as 1.152921504606847e+18 "
        "under `minimum: 1152921504606846977`.",
        "Validators disagree on which side they are.",
    ),
    Departure(
        "`uniqueItems`",
        "The one guard. Values are counted and matched with the items to come, so an array that cannot be finished is "
        "refused or pruned. Where a search for all values of an item looks at more than 3,000 beginnings, the values "
        "count as many. If they are too few after all, a mask can be empty, and decoding ends in GuardError. A search "
        "for items that takes too much work ends in LimitError.",
        "Which items there were is no matter for a finite state.",
    ),
)
DEPARTURES = (*SCHEMAS, *TEXTS, *VALUES)
