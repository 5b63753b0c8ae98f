"""What is wrong with the names of compose files, pipelines and API descriptions, in words."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.documents.reading import parse_document
from schemalm.errors import InvalidDocument

from .conftest import Format

WEB = "services: {web: {image: w, KEYS}, store: {image: d}}"


def messages(form: Format, text: str) -> list[str]:
    """What the rules say, after a look whether the checker of the tests and the tokenizer agree."""
    value = parse_document(text)
    found = form.violations(value)
    assert bool(form.faults(value)) == bool(found)
    assert is_written(form, value) is not bool(found)
    return found


def is_written(form: Format, value: Any) -> bool:
    """Whether the tokenizer can write a value; then it reads the same."""
    try:
        ids = form.tokenizer.encode(value)
    except InvalidDocument:
        return False
    assert form.tokenizer.decode(ids) == value
    return True


def test_a_document_that_uses_every_kind_of_name_is_fine(form: Format) -> None:
    assert messages(form, form.text) == []


def service(keys: str) -> str:
    return WEB.replace("KEYS", keys)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (service("depends_on: [stor]"), 'there is no service "stor"; did you mean "store"?'),
        (
            service("depends_on: {stor: {condition: service_started}}"),
            'there is no service "stor"; did you mean "store"?',
        ),
        (service("depends_on: [web]"), 'the service "web" refers to itself'),
        (service('network_mode: "service:stor"'), 'there is no service "stor"; did you mean "store"?'),
        (service('links: ["stor:database"]'), 'there is no service "stor"; did you mean "store"?'),
        (service("extends: {service: base}"), 'there is no base service "base"; declared are "web", "store"'),
        (service("networks: [front]"), 'there is no network "front"; declared is "default"'),
        (service("networks: {front: null}"), 'there is no network "front"; declared is "default"'),
        (service('volumes: ["data:/data:ro"]'), 'there is no volume "data"; no volume is declared here'),
        (service("secrets: [token]"), 'there is no secret "token"; no secret is declared here'),
        (service("build: {secrets: [{source: t}]}"), 'there is no secret "t"; no secret is declared here'),
        (service("configs: [{source: site}]"), 'there is no config "site"; no config is declared here'),
        (service("models: [small]"), 'there is no model "small"; no model is declared here'),
    ],
)
def test_a_compose_file_names_what_it_declares(compose: Format, text: str, message: str) -> None:
    assert messages(compose, text) == [message]


def test_services_do_not_depend_on_each_other_in_a_circle(compose: Format) -> None:
    text = 'services: {a: {image: x, depends_on: [b]}, b: {image: x, network_mode: "service:a"}}'
    assert messages(compose, text) == ['services refer to each other in a circle: "b" -> "a" -> "b"']


@pytest.mark.parametrize(
    "keys",
    [
        'volumes: ["./data:/data", "../x:/x", ".:/app", "~/x:/x", "/a:/b", "${DATA}:/data", "C:/x:/x", "/only"]',
        "volumes: [{type: bind, source: data, target: /data}]",
        'network_mode: "container:other"',
        "network_mode: host",
        'depends_on: ["${OTHER}"]',
        "secrets: ['${TOKEN}']",
        "extends: {file: common.yml, service: base}",
        "extends: {service: base, file: common.yml}",
        "depends_on: {other: {condition: service_started, required: false}}",
        "networks: {default: {aliases: [w]}}",
    ],
)
def test_other_texts_of_compose_files_are_free(compose: Format, keys: str) -> None:
    assert messages(compose, service(keys)) == []


def test_a_compose_file_that_includes_others_may_use_their_names(compose: Format) -> None:
    assert messages(compose, "include: [other.yml]\n" + service("depends_on: [stor], networks: [front]")) == []


def pipeline(keys: str, others: str = "") -> str:
    return f"build: {{script: [make]}}\n{others}\ntest: {{script: [make test], {keys}}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (pipeline("needs: [bild]"), 'there is no job "bild"; did you mean "build"?'),
        (pipeline("needs: [{job: bild}]"), 'there is no job "bild"; did you mean "build"?'),
        (
            pipeline("needs: [default]", "default: {image: a}"),
            'there is no job "default"; declared are "build", "test"',
        ),
        (pipeline("dependencies: [bild]"), 'there is no job "bild"; did you mean "build"?'),
        (pipeline("extends: .bas", ".base: {tags: [a]}"), 'there is no base job ".bas"; did you mean ".base"?'),
        (
            pipeline("extends: [.base, x]", ".base: {}"),
            'there is no base job "x"; declared are "build", ".base", "test"',
        ),
        (pipeline("environment: {name: a, on_stop: stop}"), 'there is no job "stop"; declared are "build", "test"'),
        (pipeline("stage: tests"), 'there is no stage "tests"; did you mean "test"?'),
        (pipeline("stage: build", "stages: [test]"), 'there is no stage "build"; declared are "test", ".pre", ".post"'),
        (pipeline("needs: [test]"), 'the job "test" refers to itself'),
        (pipeline("extends: test"), 'the base job "test" refers to itself'),
    ],
)
def test_a_pipeline_names_what_it_declares(gitlab: Format, text: str, message: str) -> None:
    assert messages(gitlab, text) == [message]


@pytest.mark.parametrize(
    ("keys", "others"),
    [
        ("needs: [other], extends: .o, stage: far", "include: other.yml"),
        ("needs: [other], extends: .o, stage: far", "include: [{project: a/b, file: x.yml}]"),
        ("needs: ['lint 1/3']", "lint: {script: [a], parallel: 3}"),
        ("needs: [{job: x, project: a/b, ref: main}]", ""),
        ("needs: [{job: x, optional: true}]", ""),
        ("stage: .post, needs: [build]", ""),
        ("stage: deploy", ""),
        ("stage: mine", "stages: [mine, test]"),
    ],
)
def test_other_pipelines_are_fine(gitlab: Format, keys: str, others: str) -> None:
    assert messages(gitlab, pipeline(keys, others)) == []


def api(paths: str, components: str = "{}") -> str:
    return f'openapi: "3.1.0"\ninfo: {{title: a, version: "1"}}\npaths: {{{paths}}}\ncomponents: {components}'


def schema(text: str) -> str:
    return api("", f"{{schemas: {{Pet: {{}}, Other: {text}}}}}")


def reference(kind: str, name: str) -> str:
    return f'{{$ref: "#/components/{kind}/{name}"}}'


PETS = reference("schemas", "Pets")
NO_PETS = 'there is no schema "Pets"; did you mean "Pet"?'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (schema(PETS), NO_PETS),
        (schema(f"{{properties: {{a: {{items: {{anyOf: [{PETS}]}}}}}}}}"), NO_PETS),
        (schema(reference("schemas", "Pets/properties/a")), NO_PETS),
        (schema(f"{{properties: {{$ref: {PETS}}}}}"), NO_PETS),
        (
            api(f'/a: {{get: {{responses: {{"200": {reference("responses", "ok")}}}}}}}'),
            'there is no response "ok"; no response is declared here',
        ),
        (
            api(f"/a: {{post: {{requestBody: {reference('requestBodies', 'b')}}}}}"),
            'there is no request body "b"; no request body is declared here',
        ),
        (
            api(f"/a: {{parameters: [{reference('parameters', 'p')}]}}"),
            'there is no parameter "p"; no parameter is declared here',
        ),
        (
            api('/a: {get: {callbacks: {c: {"{$url}": {post: {security: [{key: []}]}}}}}}'),
            'there is no security scheme "key"; no security scheme is declared here',
        ),
        (
            api("/a: {get: {operationId: x}}, /b: {get: {operationId: x}}"),
            'the operation id "x" is declared twice; expected different names',
        ),
    ],
)
def test_an_api_description_names_its_components(openapi: Format, text: str, message: str) -> None:
    assert messages(openapi, text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        schema(reference("schemas", "Pet")),
        schema(f"{{example: {PETS}}}"),
        schema('{$ref: "https://example.com/#/components/schemas/Pets"}'),
        schema('{$ref: "#/$defs/Pets"}'),
        schema('{$ref: "other.yaml#/Pets"}'),
        schema(f"{{anyOf: [{reference('schemas', 'Other')}, {reference('schemas', 'Pet/items')}]}}"),
    ],
)
def test_other_references_of_api_descriptions_are_free(openapi: Format, text: str) -> None:
    assert messages(openapi, text) == []


def test_masks_admit_a_document_that_uses_every_kind_of_name(form: Format) -> None:
    for tokenizer in (form.tokenizer, form.trained):
        machine = tokenizer.machine()
        for token in tokenizer.encode(form.document):
            assert machine.mask()[token], machine.path
            machine.advance(token)
        assert machine.is_complete
