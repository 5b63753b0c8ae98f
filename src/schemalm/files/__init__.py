"""Reading and writing files that anybody may have made or may be using.

In goes a path; out comes checked content, or a file written whole, or an error that names the file and what to do.
"""
