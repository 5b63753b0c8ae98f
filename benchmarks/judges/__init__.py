"""Independent judges of GitHub workflow files: what each says about documents.

`registry` has the judges by name, `installation` knows where they are, `verdicts` what they answer, and `batches` asks
them about many documents in bounded time. `node`, `actionlint` and `zizmor` run the programs, `inputs` reads documents,
and `summary` counts. `make judges` installs the programs. They are no dependencies of the package.
"""
