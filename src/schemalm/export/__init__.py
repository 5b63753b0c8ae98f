"""Export trained runs for `transformers`.

In goes a run; out comes a folder that `from_pretrained` loads, and the classes that it loads as. Needs the package
`transformers` (extra `transformers`), which only `modeling.py` and `decoding.py` import.
"""
