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
    served_run.py   the runs that are served; `hosting` has what does their work
    faults.py       errors as clients get them; metrics.py: counts for Prometheus

The extra `serve` installs what this needs.
"""
