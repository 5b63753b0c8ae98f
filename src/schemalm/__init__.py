"""Train small language models whose every output is a valid document of a given JSON Schema.

Schemas and documents:

    compile_schema      turns a JSON Schema into a Grammar; raises SchemaError if it cannot be enforced
    Grammar             a compiled schema, with its coverage, its size and the parts that no value satisfies
    Limits              how much work compiling and every later call may take
    load_document       reads YAML or JSON text as a value
    dump_document       writes a value as YAML or JSON text

Tokens:

    Tokenizer           turns values into token ids and back; `machine()` says which token may come next
    ByteBPETokenizer    a plain text tokenizer, for comparison

Models:

    load_run            loads a trained Run: the model, its tokenizer and its configuration
    generate            writes documents with a run, each a Generated
    stream              writes them one after another, and yields each Piece as it comes
    complete            goes on with a text that is cut anywhere, each time to an Ending
    regenerate          writes parts of a document anew and keeps all the rest
    score               the log-probability of each token of given documents

Judging:

    judge               asks independent judges about documents: who accepts each, and why the others do not

Errors, all subclasses of SchemaLMError, each with its own fields:

    SchemaError, LimitError, RulesError, DocumentError, InvalidDocument, DecodeError, GuardError, PromptError,
    DataError, ConfigurationError, TrainingError, CheckpointError

For example:

    >>> import schemalm
    >>> grammar = schemalm.compile_schema({"type": "object", "properties": {"size": {"enum": ["S", "M"]}}})
    >>> tokenizer = schemalm.Tokenizer.from_grammar(grammar)
    >>> tokenizer.decode(tokenizer.encode({"size": "M"}))
    {'size': 'M'}

These names are the public API; everything else may change. They are loaded on first use, so importing the package
costs next to nothing. `__version__` is the version of the installed package, or "unknown" if it is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemalm.loading import lazily

if TYPE_CHECKING:
    from schemalm.baselines import ByteBPETokenizer
    from schemalm.compilation import compile_schema
    from schemalm.documents import dump_document, load_document
    from schemalm.errors import (
        CheckpointError,
        ConfigurationError,
        DataError,
        DecodeError,
        DocumentError,
        GuardError,
        InvalidDocument,
        LimitError,
        PromptError,
        RulesError,
        SchemaError,
        SchemaLMError,
        TrainingError,
    )
    from schemalm.generation import (
        Ending,
        Generated,
        Piece,
        Run,
        complete,
        generate,
        load_run,
        regenerate,
        score,
        stream,
    )
    from schemalm.grammar import Grammar
    from schemalm.judging import judge
    from schemalm.limits import Limits
    from schemalm.tokenizer import Tokenizer

    __version__: str

_MODULES = {
    "baselines": ("ByteBPETokenizer",),
    "documents": ("dump_document", "load_document"),
    "errors": (
        "CheckpointError",
        "ConfigurationError",
        "DataError",
        "DecodeError",
        "DocumentError",
        "GuardError",
        "InvalidDocument",
        "LimitError",
        "PromptError",
        "RulesError",
        "SchemaError",
        "SchemaLMError",
        "TrainingError",
    ),
    "compilation": ("compile_schema",),
    "generation": (
        "Ending",
        "Generated",
        "Piece",
        "Run",
        "complete",
        "generate",
        "load_run",
        "regenerate",
        "score",
        "stream",
    ),
    "grammar": ("Grammar",),
    "judging": ("judge",),
    "limits": ("Limits",),
    "tokenizer": ("Tokenizer",),
}
_load = lazily(__name__, _MODULES)

__all__ = [
    "ByteBPETokenizer",
    "CheckpointError",
    "ConfigurationError",
    "DataError",
    "DecodeError",
    "DocumentError",
    "Ending",
    "Generated",
    "Grammar",
    "GuardError",
    "InvalidDocument",
    "LimitError",
    "Limits",
    "Piece",
    "PromptError",
    "RulesError",
    "Run",
    "SchemaError",
    "SchemaLMError",
    "Tokenizer",
    "TrainingError",
    "compile_schema",
    "complete",
    "dump_document",
    "generate",
    "judge",
    "load_document",
    "load_run",
    "regenerate",
    "score",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _installed_version()
    return _load(name)


def __dir__() -> list[str]:
    return __all__


def _installed_version() -> str:
    """The version in the metadata of the installed package; "unknown" in a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 (no import of this package needs it)

    try:
        return version("schemalm")
    except PackageNotFoundError:
        return "unknown"
