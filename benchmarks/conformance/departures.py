"""The deliberate departures of SchemaLM from the specification, written by hand.

Some departures refuse a schema or a valid value. None accepts an invalid value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Departure:
    """A departure: its subject, the difference, and the reason."""

    subject: str
    departure: str
    why: str


SCHEMAS = (
    Departure(
        "`$ref` and similar keywords",
        "A reference to a document outside the schema is refused, except to the meta-schemas of the drafts.",
        "Nothing is ever fetched. Bundle the documents under `definitions` or `$defs`, each with its `$id`.",
    ),
    Departure(
        "`$schema`",
        "An address other than those of drafts 4, 6, 7, 2019-09 and 2020-12, and of the latest draft, is refused. "
        "Without `$schema`, a schema may use the spellings of 2020-12, 7 or 4.",
        "The meaning of its keywords would be unknown. Real schemas seldom name their draft.",
    ),
    Departure(
        "`$schema` in a part",
        "A part with its own `$schema` is read by that draft, including everything inside it, whether or not it has an "
        "`$id`. An unknown address has no effect there.",
        "2020-12 says so for parts with an `$id` (9.3.2). For other parts `$schema` is not defined; validators do "
        "the same. Their checks of schemas, such as `check_schema`, know only the root's draft, so they may refuse it.",
    ),
    Departure(
        "circular references",
        "A reference that leads back to itself before any key or item, as in `allOf: [{$ref: '#'}]`, is refused.",
        "The specification leaves its meaning undefined (2020-12, 9.4.1). Some validators do not terminate, others "
        "treat it as true.",
    ),
    Departure(
        "`$vocabulary`",
        "Ignored: the keywords of the draft constrain values, and those of other vocabularies are annotations.",
        "A custom meta-schema would have to be fetched, and schemas with one are refused because of their `$schema`.",
    ),
    Departure(
        "`dependencies`",
        "Also constrains values in 2019-09 and 2020-12.",
        "Both meta-schemas still list it, and a schema that has it means it.",
    ),
    Departure(
        "lists without repetition (`enum`, `required`)",
        "Repeated entries in a schema are tolerated.",
        "They do no harm, and schemas in use have them.",
    ),
    Departure(
        "`pattern`, `patternProperties` with a dot",
        "If a verdict depends on whether such a pattern matches (keys; strings under `not`, `oneOf` and `if`), "
        "texts with a carriage return, U+2028 or U+2029 are left out.",
        "In ECMA-262 the dot does not match them, in other engines it does, so validators disagree.",
    ),
    Departure(
        "schemas without values",
        "A schema that no value satisfies is refused instead of refusing every instance.",
        "There is nothing to generate.",
    ),
    Departure(
        "`Limits`",
        "A schema that exceeds a limit is refused: 8 MiB; 128 levels (a scalar counts as one); minimum counts over "
        "5,000; `{m,n}` over 5,000; `minProperties` over 100; 65,521 listed keys and strings, not counting the strings "
        "of an `enum` of more than 60,000. Values that need more than a million symbols count as impossible. A mask, "
        "the encoding of a document or a completion that takes more than a million units of work, about a second, ends "
        "in LimitError. So does a schema whose shortest value with different items takes more.",
        "A hostile schema must end in an error. All limits can be set.",
    ),
    Departure(
        "`unevaluatedProperties`, `unevaluatedItems`",
        "Refused if more than 8 branches decide what is evaluated.",
        "Every set of branches that can hold together becomes a case: 256 cases for 8 branches.",
    ),
)
TEXTS = (
    Departure(
        "`format`",
        "Every format that some draft names constrains values, whichever draft the schema names. `formats='annotate'` "
        "turns all formats into annotations. Other names are annotations.",
        "The drafts leave open which formats are known. A schema that names one means it.",
    ),
    Departure(
        "`hostname`, `email`",
        "Narrower: host names of three labels, or of eight labels of at most 26 octets after the first; since "
        "draft 7, no A-labels (`xn--...`). Local parts of an address: 64 octets without a dot, 62 with up to two dots "
        "in even parts, otherwise 32 characters and their dots; in quotes, 31 characters.",
        "253 and 64 octets count across parts, which takes a state for every count. Punycode is not regular.",
    ),
    Departure(
        "`idn-hostname`, `idn-email`",
        "Narrower: no A-labels; labels beyond ASCII have up to 12 letters and digits, or 6 with single hyphens, of "
        "Latin, Greek, Cyrillic, kana, Han and Hangul, see `formats.py`; at most four labels.",
        "The length of Punycode and the rules of IDNA2008 over a whole label are not regular.",
    ),
    Departure(
        "`time`, `date-time`",
        "A leap second is only possible at offsets of whole quarters of an hour.",
        "Every time zone that has had one uses such an offset.",
    ),
    Departure(
        "`regex`",
        "Narrower: groups nested at most eight deep, no back-references, no look-around within look-around, no `\\0`, "
        "no `\\u{...}`, no lone surrogates, `\\p{...}` only with short names of general categories other than `C`; "
        "counts `{m,n}` and ranges only if their order is easy to see, see `regex_format.py`.",
        "Nesting and comparing are not regular.",
    ),
    Departure(
        "`relative-json-pointer`, `iri`, `iri-reference`, `uri-template`",
        "Narrower: no index manipulation (`0+1`); no characters of the Unicode planes 4 to 13.",
        "Only the newest draft of `relative-json-pointer` has index manipulation. Nothing is assigned in these planes.",
    ),
    Departure(
        "formats under `not`, `oneOf`, `if`",
        "If a format is narrower than its definition, a text that may be of the format cannot be written where it must "
        "not be: `-` under `not: {format: hostname}`, any text with a colon under `not: {format: uri}`. For "
        "`regex`, `uri-reference`, `iri-reference`, `uri-template` and `idn-hostname` no text is left, so a schema "
        "that consists of such a negation is refused as one without values.",
        "Otherwise an invalid value would be accepted.",
    ),
    Departure(
        "`pattern`, `patternProperties`",
        "Refused: back-references that may stand for a text, look-behind, word boundaries (`\\b`, `\\B`), look-ahead "
        "in a repetition, inline flags, 100 nested groups, properties of `\\p` other than general categories, `ASCII`, "
        "`Any`, `Assigned` and some others.",
        "Not regular, too large, rare, or missing from the available tables.",
    ),
    Departure(
        "counts in counts, many overlapping key patterns",
        "LimitError when a text is read, not when compiling, if an expression leaves over 1,000 ways to continue, as "
        "`((a{1,50}){1,50}){1,50}` does, or if key patterns, such as 20 of a letter each, need over 20,000 states.",
        "Each way and each set of patterns is a state, and states are computed when texts reach them.",
    ),
    Departure(
        "`\\p{...}`",
        "The Unicode version is that of the running Python: 14.0 in 3.11, 15.0 in 3.12, 15.1 in 3.13.",
        "The categories are those of the standard library.",
    ),
    Departure(
        "strings",
        "Texts with a lone surrogate are refused.",
        "They are not Unicode text and have no UTF-8.",
    ),
)
VALUES = (
    Departure(
        "numbers",
        "Integers of more than 309 digits cannot be written.",
        "Every integer that a double can represent has at most 309 digits.",
    ),
    Departure(
        "`type: integer` if a schema distinguishes integers from fractions",
        "Fractions that differ from an integer by less than 1e-14 of its size cannot be written, such as "
        "1.0000000000000002 under `not: {type: integer}`.",
        "A text of 16 or 17 digits may stand for a float that is written differently. Which ones do is not regular.",
    ),
    Departure(
        "`multipleOf`",
        "Read as decimal numbers: 0.3 is a multiple of 0.1. Floats of more than 15 digits whose further digits matter "
        "cannot be written (0.30000000000000004 for 0.1, 1.0000000000000002 for `not: {multipleOf: 1}`). Neither can "
        "floats from 1e16 on, unless the divisor has no prime factors except 2 and 5.",
        "A float keeps at most 17 digits; every remainder at 17 digits would be a state.",
    ),
    Departure(
        "bounds beyond 2 ** 53",
        "Floats between an integer bound and the nearest floats cannot be written, such as 1.152921504606847e+18 "
        "under `minimum: 1152921504606846977`.",
        "Validators disagree on which side of the bound they are.",
    ),
    Departure(
        "`uniqueItems`",
        "The only guard. Values are counted and matched with the items that follow, so an array that cannot be "
        "finished is refused or pruned. If a search for all values of an item examines more than 3,000 beginnings, the "
        "values count as many. If they are too few after all, a mask can be empty, and decoding ends in GuardError. A "
        "search for items that takes too much work ends in LimitError.",
        "A finite state does not know which items came before.",
    ),
)
DEPARTURES = (*SCHEMAS, *TEXTS, *VALUES)
