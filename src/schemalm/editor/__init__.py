"""A server for editors, which speaks the Language Server Protocol: completions, errors and descriptions.

In goes what an editor asks about a document that is open in it; out come completions, findings and descriptions.

    server.py         the server: which requests there are, and which of them are out of date
    open_text.py      the text of an open document, and where a position of the editor is in it
    suggestions.py    keys and values at the cursor: searched once per word, shown with what the schema says
    continuation.py   the model's continuation from the cursor
    diagnostics.py    all errors of a document, and what judges say of one that has none
    hovers.py         what the schema and the rules say about a place

The extra `lsp` installs what this needs.
"""
