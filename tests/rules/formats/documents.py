"""Small documents without faults, which use names in every way that the rules know."""

from __future__ import annotations

COMPOSE = """
name: shop
services:
  web:
    image: web:1.2
    depends_on: [api, cache]
    networks: [front, default]
    volumes: ["static:/srv/static:ro", "./local:/local", ".:/app", "/var/run/docker.sock:/docker.sock", "${DATA}:/data"]
    configs: [{source: site, target: /etc/site}]
    links: ["api:backend"]
  api:
    build: {context: ., additional_contexts: {base: "service:cache"}, secrets: [token]}
    extends: common
    depends_on: {db: {condition: service_healthy}}
    networks: {back: {aliases: [backend]}, front: null}
    secrets: [token, {source: password, target: pw}]
    models: [small]
  cache: {image: redis, network_mode: "service:db", ipc: host}
  db:
    image: postgres
    networks: [back]
    volumes: ["data:/var/lib/postgresql/data", {type: volume, source: data, target: /backup}]
    extends: {service: common}
  common: {image: alpine, volumes: [/anonymous]}
networks: {front: null, back: {driver: bridge}}
volumes: {data: null, static: {driver: local}}
secrets: {token: {environment: TOKEN}, password: {file: pw.txt}}
configs: {site: {file: site.conf}}
models: {small: {model: ai/small}}
"""
GITLAB = """
stages: [prepare, build, release]
variables: {MODE: fast}
default: {image: alpine}
.script: {script: [make]}
.tagged: {extends: .script, tags: [docker]}
setup: {stage: .pre, script: [./configure]}
compile:
  stage: build
  extends: [.tagged, .script]
  needs: [setup, {job: lint, artifacts: true}]
  dependencies: [setup]
lint: {stage: prepare, extends: .script}
publish:
  stage: release
  script: [./publish]
  needs: [compile]
  environment: {name: production, on_stop: withdraw}
withdraw: {stage: .post, script: [./withdraw], when: manual, environment: {name: production, action: stop}}
child: {stage: release, needs: [compile], trigger: {include: [{artifact: jobs.yml, job: compile}]}}
"""
OPENAPI = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
tags: [{name: pets}, {name: people}]
security: [{key: []}]
paths:
  /pets:
    parameters: [{$ref: "#/components/parameters/page"}]
    get:
      operationId: list
      tags: [pets, other]
      responses:
        "200":
          description: all
          headers: {count: {$ref: "#/components/headers/count"}}
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}
              examples: {one: {$ref: "#/components/examples/cat"}}
          links: {owner: {$ref: "#/components/links/owner"}}
        default: {$ref: "#/components/responses/error"}
    post:
      operationId: add
      security: [{token: []}, {}]
      requestBody: {$ref: "#/components/requestBodies/pet"}
      callbacks: {done: {$ref: "#/components/callbacks/done"}}
      responses: {"201": {description: added}}
  /people: {$ref: "#/components/pathItems/people"}
components:
  schemas:
    Pet:
      type: object
      properties:
        name: {type: string}
        parents: {type: array, items: {$ref: "#/components/schemas/Pet"}}
        owner: {anyOf: [{$ref: "#/components/schemas/Person"}, {type: "null"}]}
        age: {$ref: "#/components/schemas/Person/properties/age"}
        far: {$ref: "https://example.com/schemas/far.json"}
        near: {$ref: "#/$defs/near"}
    Person: {type: object, properties: {age: {type: integer}}}
  responses: {error: {description: wrong}}
  parameters: {page: {name: page, in: query, schema: {type: integer}}}
  examples: {cat: {value: {name: Tom}}}
  requestBodies: {pet: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
  headers: {count: {schema: {type: integer}}}
  securitySchemes: {key: {type: apiKey, name: k, in: header}, token: {type: http, scheme: bearer}}
  links: {owner: {operationId: list}}
  callbacks: {done: {"{$request.body#/url}": {post: {operationId: tell, responses: {"200": {description: ok}}}}}}
  pathItems: {people: {get: {operationId: people, responses: {"200": {description: ok}}}}}
"""
