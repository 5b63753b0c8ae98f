"""The conformance run: every case of three data sets, judged by encoding under the grammar.

`cases` reads the data, `measure` judges one case, `pool` keeps each case in a process of its own, `baseline` compares
with what is committed, `summary` turns outcomes into figures, and `report` and `support` write them down.
"""
