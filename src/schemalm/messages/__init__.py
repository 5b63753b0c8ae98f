"""The wording of messages: counts, reasons, suggestions, and text that is safe to show.

In goes any text or value; out comes a part of a sentence that a terminal or a page can show unchanged.
"""
