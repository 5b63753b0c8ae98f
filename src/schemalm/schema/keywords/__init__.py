"""The keywords of JSON Schema: their assertions, and how they are read.

    values.py       `type`, `enum`, `const`
    strings.py      `minLength`, `maxLength`, `pattern`, `format`
    numbers.py      `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`
    objects.py      `properties` and its companions, `required`, `propertyNames`, `minProperties`, dependencies
    arrays.py       `items` and its companions, `contains`, `minItems`, `maxItems`, `uniqueItems`
    branches.py     `allOf`, `anyOf`, `oneOf`, `not`, `if`, and the references
    unevaluated.py  `unevaluatedProperties`, `unevaluatedItems`
    counts.py       the parts that counting keywords share

Each file defines assertions first, then `KEYWORDS`, which maps each keyword to the function that makes its formula. The
languages of strings and numbers that satisfy formulas are in `string_languages.py` and `number_languages.py`.
"""
