#!/bin/sh
# jsonschema 4.26.0 and jsonschema-rs 0.60.3 (Python): an embedded resource of an earlier draft is read correctly, but
# checked wrongly.
#
# A schema of 2020-12 may embed a resource with an $id and an earlier $schema (JSON Schema Core 2020-12, 9.3.2), which
# is read by that draft. Both do so: `items: [{"type": "integer"}]` of draft 7 and of 2019-09 refuses ["x"] and accepts
# [1]. But `check_schema` and `meta.is_valid` refuse the same schema, because they check all of it against the
# meta-schema of its root, which does not allow a list in `items`. `dependencies` of draft 7 passes, because the
# meta-schema of 2020-12 still has it. So a schema that such a check refuses may be valid, and validators handle it.
#
# Output: one line for each draft and keyword with the verdicts of the validators and of the checks; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema==4.26.0 jsonschema-rs==0.60.3
"$folder/venv/bin/python" - <<'PYTHON'
import jsonschema
import jsonschema_rs

LATEST = "https://json-schema.org/draft/2020-12/schema"
DRAFT_7, DRAFT_2019_09 = "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"
LIST = ({"items": [{"type": "integer"}]}, [1], ["x"])
CASES = (
    (DRAFT_7, *LIST, False),
    (DRAFT_2019_09, *LIST, False),
    (DRAFT_7, {"dependencies": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}, True),
)


def is_checked(schema):
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError:
        return False
    return True


def verdicts(draft, keywords, right, wrong):
    part = {"$schema": draft, "$id": "https://example.org/part", **keywords}
    schema = {"$schema": LATEST, "$id": "https://example.org/root", "$defs": {"part": part}, "$ref": "part"}
    validators = jsonschema.Draft202012Validator(schema), jsonschema_rs.validator_for(schema)
    read = [validator.is_valid(value) for validator in validators for value in (right, wrong)]
    return read, [is_checked(schema), jsonschema_rs.meta.is_valid(schema)]


for draft, keywords, right, wrong, passes in CASES:
    read, checked = verdicts(draft, keywords, right, wrong)
    print(f"{draft} {keywords}: values {read}, checks {checked}")
    assert (read, checked) == ([True, False, True, False], [passes, passes]), "the behaviour has changed"
print("as described")
PYTHON
