"""Reading untrusted files, and writing files while others may use them.

In goes a path; out comes checked content, or a file written whole, or an error that names the file and what to do.
"""
