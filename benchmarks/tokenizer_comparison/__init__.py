"""The measurements of `benchmarks/tokenizer.py`: this project's tokenizer and others on the same documents."""
