"""The conformance run: every case of three data sets, judged by encoding under the grammar.

`cases` reads the data, `measure` judges one case, `pool` runs each case in a process of its own, `baseline` compares
outcomes with the committed baseline, `summary` computes figures, and `report` and `support` write them.
"""
