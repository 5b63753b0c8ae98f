"""The public actions that the workflows use, with the versions that people pin.

In: the name of an action. Out: a reference such as `actions/checkout@v4`. Versions are ordered from old to new, so
that a repository with an older "generation" uses older ones throughout. Commit pins are made up (a digest of name and
version): they look like pins, and the same version always has the same one, but they do not name real commits.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Pinning = Literal["major", "exact", "commit"]

# One line per action: three generations, old to new. A single version stands for all three.
_VERSIONS: dict[str, str] = {
    "actions/attest-build-provenance": "v1.4.4 v2.4.0 v3.0.0",
    "actions/cache": "v3.4.3 v4.2.4 v5.0.1",
    "actions/checkout": "v3.6.0 v4.2.2 v5.0.0",
    "actions/configure-pages": "v3.0.7 v4.0.0 v5.0.0",
    "actions/dependency-review-action": "v3.1.5 v4.5.0 v4.8.2",
    "actions/deploy-pages": "v2.0.5 v4.0.5 v4.0.5",
    "actions/download-artifact": "v4.1.9 v4.3.0 v5.0.0",
    "actions/first-interaction": "v1.3.0 v1.3.0 v3.1.0",
    "actions/github-script": "v6.4.1 v7.0.1 v8.0.0",
    "actions/labeler": "v4.3.0 v5.0.0 v6.0.1",
    "actions/setup-dotnet": "v3.2.0 v4.3.1 v5.0.1",
    "actions/setup-go": "v4.1.0 v5.5.0 v6.0.0",
    "actions/setup-java": "v3.14.1 v4.7.1 v5.0.0",
    "actions/setup-node": "v3.8.2 v4.4.0 v5.0.0",
    "actions/setup-python": "v4.8.0 v5.6.0 v6.0.0",
    "actions/stale": "v8.0.0 v9.1.0 v10.1.0",
    "actions/upload-artifact": "v4.4.3 v4.6.2 v5.0.0",
    "actions/upload-pages-artifact": "v2.0.0 v3.0.1 v4.0.0",
    "amannn/action-semantic-pull-request": "v5.5.3 v5.5.3 v6.1.1",
    "anchore/sbom-action": "v0.17.9 v0.18.0 v0.20.6",
    "aquasecurity/trivy-action": "0.24.0 0.28.0 0.33.1",
    "astral-sh/setup-uv": "v4.2.0 v5.4.2 v6.8.0",
    "aws-actions/configure-aws-credentials": "v3.0.2 v4.3.1 v5.1.0",
    "azure/setup-helm": "v3.5.0 v4.3.0 v4.3.1",
    "benchmark-action/github-action-benchmark": "v1.20.4",
    "changesets/action": "v1.5.3",
    "codecov/codecov-action": "v3.1.6 v4.6.0 v5.5.1",
    "crate-ci/typos": "v1.24.6 v1.29.4 v1.38.1",
    "denoland/setup-deno": "v1.5.2 v2.0.3 v2.0.3",
    "dependabot/fetch-metadata": "v1.7.0 v2.3.0 v2.4.0",
    "dessant/lock-threads": "v4.0.1 v5.0.1 v5.0.1",
    "docker/build-push-action": "v4.2.1 v5.4.0 v6.18.0",
    "docker/login-action": "v2.2.0 v3.4.0 v3.6.0",
    "docker/metadata-action": "v4.6.0 v5.7.0 v5.9.0",
    "docker/setup-buildx-action": "v2.10.0 v3.10.0 v3.11.1",
    "docker/setup-qemu-action": "v2.2.0 v3.6.0 v3.7.0",
    "dorny/paths-filter": "v2.12.0 v3.0.2 v3.0.2",
    "DavidAnson/markdownlint-cli2-action": "v13.0.0 v16.0.0 v20.0.0",
    "EndBug/label-sync": "v2.3.3",
    "erlef/setup-beam": "v1.18.2 v1.19.0 v1.20.4",
    "github/codeql-action/analyze": "v3.26.13 v3.28.18 v4.30.9",
    "github/codeql-action/autobuild": "v3.26.13 v3.28.18 v4.30.9",
    "github/codeql-action/init": "v3.26.13 v3.28.18 v4.30.9",
    "github/codeql-action/upload-sarif": "v3.26.13 v3.28.18 v4.30.9",
    "gitleaks/gitleaks-action": "v2.3.9",
    "golangci/golangci-lint-action": "v4.0.1 v6.5.2 v8.0.0",
    "google-github-actions/auth": "v1.3.0 v2.1.10 v3.0.0",
    "google-github-actions/deploy-cloudrun": "v1.3.0 v2.7.3 v3.0.1",
    "googleapis/release-please-action": "v4.1.5 v4.2.0 v4.4.0",
    "goreleaser/goreleaser-action": "v4.6.0 v5.1.0 v6.4.0",
    "gradle/actions/setup-gradle": "v3.5.0 v4.4.1 v5.0.0",
    "hadolint/hadolint-action": "v3.1.0 v3.1.0 v3.3.0",
    "hashicorp/setup-terraform": "v2.0.3 v3.1.2 v3.1.2",
    "helm/chart-releaser-action": "v1.5.0 v1.6.0 v1.7.0",
    "helm/kind-action": "v1.8.0 v1.12.0 v1.13.0",
    "korthout/backport-action": "v2.5.0 v3.2.0 v3.4.0",
    "lycheeverse/lychee-action": "v1.10.0 v2.4.1 v2.7.0",
    "ludeeus/action-shellcheck": "2.0.0",
    "ossf/scorecard-action": "v2.3.3 v2.4.1 v2.4.3",
    "oven-sh/setup-bun": "v1.2.2 v2.0.2 v2.0.2",
    "peaceiris/actions-gh-pages": "v3.9.3 v4.0.0 v4.0.0",
    "peaceiris/actions-hugo": "v2.6.0 v3.0.0 v3.0.0",
    "peter-evans/create-issue-from-file": "v4.0.1 v5.0.1 v6.0.0",
    "peter-evans/create-or-update-comment": "v3.1.0 v4.0.0 v5.0.0",
    "peter-evans/create-pull-request": "v5.0.3 v6.1.0 v7.0.8",
    "peter-evans/repository-dispatch": "v2.1.2 v3.0.0 v4.0.0",
    "pnpm/action-setup": "v2.4.1 v4.0.0 v4.2.0",
    "pre-commit/action": "v3.0.1",
    "pypa/cibuildwheel": "v2.19.2 v2.23.3 v3.2.1",
    "release-drafter/release-drafter": "v5.25.0 v6.0.0 v6.1.0",
    "rubygems/release-gem": "v1.1.1",
    "ruby/setup-ruby": "v1.161.0 v1.221.0 v1.267.0",
    "shivammathur/setup-php": "v2.30.5 v2.33.0 v2.35.5",
    "sigstore/cosign-installer": "v3.5.0 v3.8.2 v3.10.0",
    "softprops/action-gh-release": "v1.0.0 v2.2.2 v2.4.1",
    "step-security/harden-runner": "v2.7.1 v2.11.0 v2.13.1",
    "swift-actions/setup-swift": "v1.26.2 v2.3.0 v2.3.0",
    "Swatinem/rust-cache": "v2.7.3 v2.7.8 v2.8.1",
    "taiki-e/install-action": "v2.33.0 v2.49.0 v2.62.0",
    "zizmorcore/zizmor-action": "v0.1.1 v0.1.1 v0.2.0",
}
# Actions that publish no moving major tag, so people pin the full version.
_WHOLE_VERSION_ONLY = frozenset(
    {"aquasecurity/trivy-action", "ludeeus/action-shellcheck", "ossf/scorecard-action", "pypa/cibuildwheel",
     "zizmorcore/zizmor-action", "korthout/backport-action"}
)  # fmt: skip


def action_reference(name: str, generation: int, pinning: Pinning) -> str:
    """Return `name@version` as a repository of the `generation` (0 old, 2 new) and with the `pinning` writes it.

    Raises `KeyError` if the action is not in the table.
    """
    versions = _VERSIONS[name].split()
    exact = versions[min(generation, len(versions) - 1)]
    if pinning == "commit":
        owner_and_repository = "/".join(name.split("/")[:2])  # sub-actions live in the same commit
        return f"{name}@{hashlib.sha1(f'{owner_and_repository}@{exact}'.encode(), usedforsecurity=False).hexdigest()}"
    if pinning == "exact" or name in _WHOLE_VERSION_ONLY or exact.startswith("v0."):
        return f"{name}@{exact}"
    return f"{name}@{exact.split('.')[0]}"
