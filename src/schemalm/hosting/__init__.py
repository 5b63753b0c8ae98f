"""A loaded run that many may ask at once: what a server over HTTP and an editor's server have in common.

In go a run, and questions from any thread; out come documents, choices and findings, in the thread of who asks.

    hosted_run.py   a run with its worker, its checks and its judges
    worker.py       the thread that writes documents, all in one batch, and answers calls between two steps
    growth.py       how much of a growing document is certain

One thread drives the engine of a run: the grammar, its tables and the model belong to it. Everything else, such as
reading a text or writing it, is done in other threads.
"""
