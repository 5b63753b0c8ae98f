"""A server over HTTP: documents of trained runs, for programs on this machine or with a token.

In go requests of clients; out come documents, pieces of documents, choices, findings and errors, as JSON.

    server.py       where the server listens, and under which conditions
    application.py  the routes, and what all of them have in common: bodies, disconnects, events
    gate.py         who may ask: host names, tokens, how many requests at once
    openai_api.py   the endpoints of OpenAI's API
    own_api.py      the endpoints for what only this project has
    bodies.py       what requests may contain; answers.py: what is answered
    page.py         the page with the playground
    openapi.py      the description of all endpoints
    served_run.py   a run that is served; worker.py: the thread that writes its documents, all in one batch
    growth.py       how much of a growing document is certain, for streams
    faults.py       errors as clients get them; metrics.py: counts for Prometheus

One thread drives the engine of a run: the grammar, its tables and the model belong to it. Everything else, such as
reading a text or writing it, is done in other threads. The extra `serve` installs what this needs.
"""
