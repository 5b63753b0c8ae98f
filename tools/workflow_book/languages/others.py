""".NET, Terraform, and repositories that are mostly documentation."""

from __future__ import annotations

from workflow_book.toolchain import Toolchain, run, use

_DOTNET = Toolchain(
    language="dotnet",
    manager="nuget",
    version_key="dotnet-version",
    versions=("6.0.x", "8.0.x", "9.0.x"),
    setup=(use("Setup .NET", "actions/setup-dotnet", {"dotnet-version": "<version>"}),),
    install=(run("Restore dependencies", "dotnet restore"), run("Restore", "dotnet restore --locked-mode")),
    format=(run("Check formatting", "dotnet format --verify-no-changes --no-restore"),),
    test=(
        run("Test", "dotnet test --no-restore --verbosity normal"),
        run("Test", "dotnet test -c Release --collect:'XPlat Code Coverage' --results-directory coverage"),
        run("Test", "dotnet test --configuration Release --logger trx --blame-hang-timeout 5m"),
    ),
    build=(
        run("Build and pack", "dotnet build -c Release\ndotnet pack -c Release --no-build -o artifacts\n"),
        run("Pack", "dotnet pack -c Release -o artifacts /p:ContinuousIntegrationBuild=true"),
    ),
    publish=(
        run(
            "Push to NuGet",
            "dotnet nuget push 'artifacts/*.nupkg' --source https://api.nuget.org/v3/index.json --skip-duplicate",
            env={"NUGET_API_KEY": "${{ secrets.NUGET_API_KEY }}"},
        ),
    ),
    audit=(run("List vulnerable packages", "dotnet list package --vulnerable --include-transitive"),),
    migrate=(run("Update database", "dotnet tool restore\ndotnet ef database update --project src/<module>\n"),),
    environment={"DOTNET_NOLOGO": "true", "DOTNET_CLI_TELEMETRY_OPTOUT": 1},
    sources=("src/**", "test/**", "Directory.Packages.props"),
    cache_path="~/.nuget/packages",
    lock_file="**/packages.lock.json",
    coverage="coverage/**/coverage.cobertura.xml",
    artifact="artifacts/*.nupkg",
    container="mcr.microsoft.com/dotnet/sdk:8.0",
    codeql="csharp",
    extension="cs",
    services=True,
)

_TERRAFORM = Toolchain(
    language="terraform",
    manager="terraform",
    version_key="terraform",
    versions=("1.5.7", "1.9.8", "1.11.4"),
    setup=(use("Set up Terraform", "hashicorp/setup-terraform", {"terraform_version": "<version>"}),),
    install=(
        run("Initialize", "terraform init -backend=false"),
        run("Terraform init", "terraform init -input=false -backend=false"),
    ),
    lint=(run("TFLint", "tflint --init\ntflint --recursive -f compact\n"),),
    format=(run("Check formatting", "terraform fmt -check -recursive -diff"),),
    test=(run("Validate", "terraform validate -no-color"), run("Test modules", "terraform test -verbose")),
    audit=(run("Checkov", "pipx run checkov --directory . --quiet --compact"),),
    environment={"TF_IN_AUTOMATION": "true", "TF_INPUT": 0},
    sources=("**.tf", "**.tfvars", ".terraform.lock.hcl"),
    cache_path="~/.terraform.d/plugin-cache",
    lock_file="**/.terraform.lock.hcl",
    container="hashicorp/terraform:<version>",
    extension="tf",
    windows=False,
)

_HUGO = Toolchain(
    language="docs",
    manager="hugo",
    version_key="hugo-version",
    versions=("0.128.2", "0.140.0", "0.147.9"),
    setup=(use("Set up Hugo", "peaceiris/actions-hugo", {"hugo-version": "<version>", "extended": True}),),
    lint=(use("Lint Markdown", "DavidAnson/markdownlint-cli2-action", {"globs": "content/**/*.md"}),),
    test=(run("Build site", "hugo --minify --panicOnWarning"), run("Build", "hugo --gc --minify --printPathWarnings")),
    sources=("content/**", "layouts/**", "hugo.toml"),
    cache_path="resources/_gen",
    lock_file="**/go.sum",
    artifact="public/",
    extension="md",
)

_MKDOCS = Toolchain(
    language="docs",
    manager="mkdocs",
    version_key="python-version",
    versions=("3.11", "3.12", "3.13"),
    setup=(use("Set up Python", "actions/setup-python", {"python-version": "<version>", "cache": "pip"}),),
    install=(
        run("Install MkDocs", "pip install -r docs/requirements.txt"),
        run("Install", "pip install mkdocs-material mike"),
    ),
    lint=(
        use("Lint Markdown", "DavidAnson/markdownlint-cli2-action", {"globs": "docs/**/*.md"}),
        run("Spelling", "pipx run codespell docs"),
    ),
    test=(run("Build documentation", "mkdocs build --strict"), run("Build", "mkdocs build --strict --site-dir site")),
    sources=("docs/**", "mkdocs.yml"),
    cache_path="~/.cache/mkdocs",
    lock_file="mkdocs.yml",
    artifact="site/",
    extension="md",
)

_SPHINX = Toolchain(
    language="docs",
    manager="sphinx",
    version_key="python-version",
    versions=("3.11", "3.12", "3.13"),
    setup=(use("Set up Python", "actions/setup-python", {"python-version": "<version>"}),),
    install=(run("Install Sphinx", "python -m pip install -r docs/requirements.txt"),),
    lint=(
        run("Lint reStructuredText", "pipx run sphinx-lint docs"),
        run("Check style", "pipx run doc8 --max-line-length 100 docs"),
    ),
    test=(
        run("Build HTML", "sphinx-build -W --keep-going -b html docs docs/_build/html"),
        run("Build docs", "make -C docs html SPHINXOPTS=-W"),
    ),
    sources=("docs/**", ".readthedocs.yaml"),
    cache_path="~/.cache/pip",
    lock_file="docs/requirements.txt",
    artifact="docs/_build/html/",
    extension="rst",
)

OTHERS = (_DOTNET, _TERRAFORM, _HUGO, _MKDOCS, _SPHINX)
