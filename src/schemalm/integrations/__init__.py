"""Drop-ins for other projects: their names, thin over the product's own parts. No other package imports this one.

In go calls in the other project's own terms; out comes what that project expects, made by this one.
"""
