"""The words of messages: counts, reasons, suggestions, and text that is safe to show.

In goes any text or value; out comes a piece of a sentence that a terminal or a page can show as it is.
"""
