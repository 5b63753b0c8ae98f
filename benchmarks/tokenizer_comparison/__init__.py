"""What `benchmarks/tokenizer.py` measures: this project's tokenizer beside its peers, on the same documents."""
