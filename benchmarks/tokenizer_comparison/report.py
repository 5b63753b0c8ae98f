"""The results as Markdown tables for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizer_comparison.corpus import SIZE_CLASSES
from tokenizer_comparison.masks import PERCENTILES
from tokenizer_comparison.speed import DECODE, DECODE_FAST, ENCODE_TEXT, ENCODE_VALUE


def section(results: dict[str, Any]) -> str:
    """Returns the tables, with sentences about the conditions."""
    num_prepared = max(found["num_documents"] for found in results["pipeline"].values())
    parts = [
        _conditions(results),
        "### Tokens per document\n",
        _compression(results["compression"], results["documents"]["by_size"]),
        *([results["o200k_base"] + "\n"] if results["o200k_base"] else []),
        "### Encoding and decoding, one thread\n",
        f"CPU time for all {results['documents']['validation']:,} documents, each once in the order of the file, by "
        f"tokenizers that have seen none before; medians of {results['settings']['runs']} runs. MB are those of "
        "compact JSON. The factor is against byte BPE on JSON in the same run: `tiktoken` on the finished text, and "
        "`tiktoken` with `json.loads`; in brackets, for the first tenth of the documents and for the last.\n",
        _speed(results["speed"]),
        "### Mask and advance, CPU time per token\n",
        _masks(results["masks"]),
        _settings(results["masks"]),
        "### Training a vocabulary\n",
        _training(results["training"]),
        "### From YAML text to tokens on disk\n",
        f"All steps of `schemalm prepare`, over {num_prepared:,} training documents: "
        "parsing, duplicates, encoding, masks and grammar states, files.\n",
        _pipeline(results["pipeline"]),
    ]
    return "\n".join(parts).rstrip()


def _conditions(results: dict[str, Any]) -> str:
    machine, documents = results["machine"], results["documents"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"Measured on {results['date']}: {machine['cores']} cores of {machine['processor']}, {machine['platform']}, "
        f"with a load of {machine['load']} by other programs. {versions}.\n\n"
        f"Vocabularies of {results['vocab_size']:,} tokens, learned from {documents['train']:,} workflows, "
        f"measured on {documents['validation']:,} from other repositories.\n"
    )


def _compression(results: dict[str, Any], by_size: dict[str, int]) -> str:
    columns = ["tokens", "vocabulary", "mean", "median", *(f"{size} ({by_size[size]:,})" for size in SIZE_CLASSES)]
    rows = [
        [
            name,
            f"{found['vocab_size']:,}",
            f"{found['mean']:.1f}",
            f"{found['median']:.0f}",
            *("" if mean is None else f"{mean:.1f}" for mean in found["mean_by_size"].values()),
            f"{found['bytes_per_token']:.2f}",
            *([f"{found['ratio_of_means']:.3f}"] if "ratio_of_means" in found else [""]),
        ]
        for name, found in results.items()
    ]
    return _table([*columns, "bytes of JSON per token", "against o200k_base on JSON"], rows)


def _speed(results: dict[str, Any]) -> str:
    columns = ("tokens", *(f"{name}, MB/s" for name in (ENCODE_VALUE, ENCODE_TEXT, DECODE, DECODE_FAST)))
    rows = [
        [name, *(_rate(found.get(operation)) for operation in (ENCODE_VALUE, ENCODE_TEXT, DECODE, DECODE_FAST))]
        for name, found in results.items()
    ]
    return _table(columns, rows)


def _rate(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    first, *_, last = found["against_peer_by_part"]
    return (
        f"{found['megabytes_per_second']:.2f} ({found['documents_per_second']:,.0f} documents/s), "
        f"{found['against_peer']:.2f} times ({first:.2f} to {last:.2f})"
    )


def _masks(results: dict[str, Any]) -> str:
    names = [f"p{p:g}" for p in PERCENTILES]
    columns = [
        "engine",
        *(f"{name}, µs" for name in names),
        "mean, µs",
        "first pass: p50, p99, p99.9",
        "set-up, ms",
        "accepted whole",
    ]
    rows = []
    for name, found in results.items():
        if "skipped" in found:
            rows.append([name, found["skipped"], *[""] * (len(columns) - 2)])
            continue
        warm, first = found["warm"], found["first"]
        rows.append(
            [
                name,
                *(f"{warm['microseconds'][p]:.1f}" for p in names),
                f"{warm['mean_microseconds']:.1f}",
                ", ".join(f"{first['microseconds'][p]:.1f}" for p in names),
                f"{found['setup_seconds'] * 1000:.0f}",
                f"{warm['num_whole_documents']} of {warm['num_documents']}",
            ]
        )
    return _table(columns, rows)


def _settings(results: dict[str, Any]) -> str:
    return "".join(f"- {name}: {found['setting']}.\n" for name, found in results.items() if found.get("setting"))


def _training(results: dict[str, Any]) -> str:
    columns = ("tokens", "documents", "seconds", "CPU seconds", "peak MiB", "corpus alone, MiB")
    rows = [
        [
            name,
            f"{cost['num_documents']:,}",
            f"{cost['seconds']:.1f}",
            f"{cost['cpu_seconds']:.1f}",
            f"{cost['peak_mebibytes']:,.0f}",
            f"{cost['corpus_mebibytes']:,.0f}",
        ]
        for name, cost in results.items()
    ]
    return _table(columns, rows)


def _pipeline(results: dict[str, Any]) -> str:
    columns = ("tokens", "documents/s and core", "documents/s, wall time", "share of parsing")
    rows = [
        [
            name,
            f"{found['documents_per_cpu_second']:,.0f}",
            f"{found['documents_per_second']:,.0f}",
            f"{found['share_of_reading']:.0%}",
        ]
        for name, found in results.items()
    ]
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
