"""The keywords of JSON Schema: what each asserts about a value, and how it is read.

    values.py       `type`, `enum`, `const`
    strings.py      `minLength`, `maxLength`, `pattern`, `format`
    numbers.py      `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`
    objects.py      `properties` and its companions, `required`, `propertyNames`, `minProperties`, dependencies
    arrays.py       `items` and its companions, `contains`, `minItems`, `maxItems`, `uniqueItems`
    branches.py     `allOf`, `anyOf`, `oneOf`, `not`, `if`, and the references
    unevaluated.py  `unevaluatedProperties`, `unevaluatedItems`
    counts.py       what the keywords that count have in common

In each file the assertions come first, then `KEYWORDS`: for each keyword the function that makes its formula. The
languages of strings and numbers that satisfy formulas are in `string_languages.py` and `number_languages.py`.
"""
