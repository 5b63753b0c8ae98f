"""The report of an evaluation: one page that says whether the model can be used, and the same as Markdown and JSON.

In go an evaluation and its run folder; out come report.html, report.md, report.json and plots/. `writing.py` writes
them, `tables.py` has the figures as tables, `documents.py` the samples as text with probabilities and reasons,
`commands.py` how to get the same again, and `pages.py` what all pages of the evaluation share.
"""

from schemalm.evaluation.report.writing import REPORT_FILES, write_report

__all__ = ["REPORT_FILES", "write_report"]
