"""Compiled languages: Go, Rust, C and C++ with CMake, Swift."""

from __future__ import annotations

from dataclasses import replace

from workflow_book.toolchain import Toolchain, run, use

_GO = Toolchain(
    language="go",
    manager="go",
    version_key="go-version",
    versions=("1.22", "1.23", "1.24", "1.25"),
    setup=(use("Set up Go", "actions/setup-go", {"go-version": "<version>"}),),
    plain_setup=(use("Set up Go", "actions/setup-go", {"go-version-file": "go.mod"}),),
    install=(
        run("Download modules", "go mod download"),
        run("Check go.mod", "go mod tidy\ngit diff --exit-code go.mod go.sum\n"),
    ),
    lint=(
        use("golangci-lint", "golangci/golangci-lint-action", {"version": "latest"}),
        use("golangci-lint", "golangci/golangci-lint-action", {"version": "v2.1", "args": "--timeout=5m"}),
        run("Vet", "go vet ./..."),
    ),
    format=(
        run("Check formatting", 'test -z "$(gofmt -l .)"'),
        run(
            "gofmt",
            "unformatted=$(gofmt -l .)\n"
            'if [ -n "$unformatted" ]; then\n'
            '  echo "::error::run gofmt on: $unformatted"\n'
            "  exit 1\n"
            "fi\n",
        ),
    ),
    types=(run("Staticcheck", "go run honnef.co/go/tools/cmd/staticcheck@latest ./..."),),
    test=(
        run("Test", "go test -race -coverprofile=coverage.out -covermode=atomic ./..."),
        run("Run tests", "go test ./..."),
        run("Test", "go test -v -race -timeout 10m ./..."),
        run("Test", "go run gotest.tools/gotestsum@latest --format testname -- -race -coverprofile=coverage.out ./..."),
    ),
    build=(
        run("Build", "go build -v ./..."),
        run("Build", "go build -trimpath -ldflags='-s -w' -o dist/<package> ./cmd/<package>", env={"CGO_ENABLED": 0}),
    ),
    audit=(run("Scan for vulnerabilities", "go run golang.org/x/vuln/cmd/govulncheck@latest ./..."),),
    benchmark=(run("Run benchmarks", "go test -run='^$' -bench=. -benchmem ./... | tee output.txt"),),
    migrate=(run("Run migrations", "go run ./cmd/migrate up"),),
    sources=("**.go", "go.mod", "go.sum"),
    cache_path="~/go/pkg/mod",
    lock_file="**/go.sum",
    coverage="coverage.out",
    container="golang:<version>-bookworm",
    codeql="go",
    extension="go",
    services=True,
)

_GO_MAKE = replace(
    _GO,
    manager="make",
    install=(run("Install tools", "make tools"), run("Download modules", "make deps")),
    lint=(run("Lint", "make lint"),),
    format=(run("Check generated code", "make generate fmt\ngit diff --exit-code\n"),),
    types=(run("Vet", "make vet"),),
    test=(run("Test", "make test"), run("Test", "make test-race COVERPROFILE=coverage.out")),
    build=(run("Build", "make build VERSION=${{ github.sha }}"), run("Build", "make build")),
)

_CARGO = Toolchain(
    language="rust",
    manager="cargo",
    version_key="toolchain",
    versions=("1.80", "1.85", "stable", "beta", "nightly"),
    setup=(
        use(
            "Install Rust", "dtolnay/rust-toolchain@master", {"toolchain": "<version>", "components": "rustfmt, clippy"}
        ),
        use("Cache dependencies", "Swatinem/rust-cache"),
    ),
    plain_setup=(
        use("Install Rust", "dtolnay/rust-toolchain@stable", {"components": "rustfmt, clippy"}),
        use("Cache cargo", "Swatinem/rust-cache"),
    ),
    lint=(
        run("Clippy", "cargo clippy --all-targets --all-features -- -D warnings"),
        run("Run clippy", "cargo clippy --workspace --all-targets --locked -- -D warnings"),
    ),
    format=(run("Check formatting", "cargo fmt --all -- --check"), run("rustfmt", "cargo fmt --check")),
    types=(
        run(
            "Check docs",
            "cargo doc --no-deps --all-features --document-private-items",
            env={"RUSTDOCFLAGS": "-D warnings"},
        ),
        run("Check", "cargo check --workspace --all-features"),
    ),
    test=(
        run("Test", "cargo test --all-features --workspace"),
        run("Run tests", "cargo test --verbose"),
        run("Test", "cargo test --workspace --locked\ncargo test --workspace --doc\n"),
    ),
    build=(run("Build", "cargo build --release --locked"), run("Build", "cargo build --workspace --release")),
    publish=(
        run(
            "Publish to crates.io",
            "cargo publish --locked",
            env={"CARGO_REGISTRY_TOKEN": "${{ secrets.CARGO_REGISTRY_TOKEN }}"},
        ),
    ),
    audit=(run("Audit", "cargo install cargo-deny --locked\ncargo deny check advisories licenses\n"),),
    benchmark=(run("Run benchmarks", "cargo bench --bench main -- --output-format bencher | tee output.txt"),),
    migrate=(
        run(
            "Run migrations",
            "cargo install sqlx-cli --no-default-features --features rustls,postgres\nsqlx migrate run\n",
        ),
    ),
    environment={"CARGO_TERM_COLOR": "always", "RUST_BACKTRACE": 1},
    sources=("crates/**", "Cargo.toml", "Cargo.lock"),
    cache_path="~/.cargo/registry\n~/.cargo/git\ntarget\n",
    lock_file="**/Cargo.lock",
    coverage="lcov.info",
    artifact="target/release/<package>",
    container="rust:1.85-bookworm",
    codeql="rust",
    extension="rs",
    services=True,
)

_NEXTEST = replace(
    _CARGO,
    manager="nextest",
    install=(use("Install cargo-nextest", "taiki-e/install-action", {"tool": "cargo-nextest"}),),
    test=(
        run("Test", "cargo nextest run --all-features --profile ci"),
        run("Run tests", "cargo nextest run --workspace --no-fail-fast\ncargo test --doc\n"),
    ),
    environment={"CARGO_TERM_COLOR": "always", "CARGO_INCREMENTAL": 0, "RUSTFLAGS": "-D warnings"},
)

_CMAKE = Toolchain(
    language="c++",
    manager="cmake",
    version_key="build-type",
    versions=("Debug", "Release", "RelWithDebInfo"),
    setup=(use("Get CMake and Ninja", "lukka/get-cmake@latest"),),
    install=(
        run("Configure", "cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=<version>"),
        run(
            "Configure",
            "cmake -S . -B build -G Ninja \\\n"
            "  -DCMAKE_BUILD_TYPE=<version> \\\n"
            "  -DBUILD_TESTING=ON \\\n"
            "  -DCMAKE_EXPORT_COMPILE_COMMANDS=ON\n",
            shell="bash",
        ),
    ),
    lint=(run("Static analysis", "cmake --build build --target clang-tidy"),),
    format=(run("Check formatting", "git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror"),),
    test=(
        run("Test", "cmake --build build --parallel\nctest --test-dir build --output-on-failure\n"),
        run(
            "Build and test",
            "cmake --build build --config <version>\nctest --test-dir build -C <version> --output-on-failure\n",
        ),
    ),
    build=(
        run("Build", "cmake --build build --config <version> --parallel 4"),
        run("Package", "cmake --build build --target package"),
    ),
    benchmark=(
        run(
            "Run benchmarks",
            "cmake --build build --target bench\n"
            "./build/bench/bench --benchmark_out=output.json --benchmark_out_format=json\n",
        ),
    ),
    environment={"CTEST_OUTPUT_ON_FAILURE": 1, "CMAKE_BUILD_PARALLEL_LEVEL": 4},
    sources=("src/**", "include/**", "CMakeLists.txt"),
    cache_path="~/.cache/ccache",
    lock_file="**/CMakeLists.txt",
    artifact="build/bin/",
    container="gcc:13",
    codeql="c-cpp",
    extension="cpp",
)

_SWIFT = Toolchain(
    language="swift",
    manager="swiftpm",
    version_key="swift-version",
    versions=("5.9", "5.10", "6.0"),
    setup=(use("Set up Swift", "swift-actions/setup-swift", {"swift-version": "<version>"}),),
    lint=(run("Lint", "swift package plugin lint-source-code"),),
    format=(run("Check formatting", "swift format lint --recursive --strict Sources Tests"),),
    test=(run("Run tests", "swift test --parallel"), run("Test", "swift test --enable-code-coverage")),
    build=(run("Build", "swift build -c release"), run("Build", "swift build -v")),
    sources=("Sources/**", "Tests/**", "Package.swift"),
    cache_path=".build",
    lock_file="**/Package.resolved",
    artifact=".build/release/<package>",
    container="swift:<version>",
    codeql="swift",
    extension="swift",
    windows=False,
)

SYSTEMS = (_GO, _GO_MAKE, _CARGO, _NEXTEST, _CMAKE, _SWIFT)
