"""Python with pip, Poetry, uv, tox and Nox."""

from __future__ import annotations

from dataclasses import replace

from workflow_book.toolchain import Toolchain, run, use

_SETUP = use("Set up Python <version>", "actions/setup-python", {"python-version": "<version>"})
_SETUP_PIP = use("Set up Python", "actions/setup-python", {"python-version": "<version>", "cache": "pip"})
_SETUP_UV = use("Install uv", "astral-sh/setup-uv", {"python-version": "<version>", "enable-cache": True})

_PIP = Toolchain(
    language="python",
    manager="pip",
    version_key="python-version",
    versions=("3.9", "3.10", "3.11", "3.12", "3.13"),
    setup=(_SETUP_PIP,),
    install=(
        run("Install dependencies", "python -m pip install --upgrade pip\npip install -r requirements.txt\n"),
        run("Install dependencies", "pip install -e '.[dev]'"),
        run(
            "Install dependencies", "python -m pip install -U pip setuptools wheel\npython -m pip install -e .[test]\n"
        ),
        run("Install", "pip install -r requirements-dev.txt\npip install --no-deps -e .\n"),
    ),
    lint=(
        run("Lint", "ruff check ."),
        run("Lint with flake8", "flake8 <module> tests --count --max-line-length=100 --statistics"),
        run("Run pylint", "pylint src/<module>"),
    ),
    format=(
        run("Check formatting", "ruff format --check ."),
        run("Check formatting", "black --check --diff ."),
        run("Check imports", "isort --check-only --profile black src tests"),
    ),
    types=(run("Type check", "mypy src"), run("Type check", "pyright"), run("Run mypy", "mypy --strict <module>")),
    test=(
        run("Test with pytest", "pytest --cov=<module> --cov-report=xml"),
        run("Run tests", "python -m pytest tests -v"),
        run("Run tests", "pytest -n auto --durations=10"),
        run("Run unit tests", "python -m unittest discover -s tests"),
        run("Test", "coverage run -m pytest\ncoverage xml\ncoverage report --fail-under=85\n"),
    ),
    build=(
        run("Build distribution", "python -m pip install build twine\npython -m build\ntwine check dist/*\n"),
        run("Build sdist and wheel", "pipx run build"),
    ),
    publish=(use("Publish to PyPI", "pypa/gh-action-pypi-publish@release/v1"),),
    audit=(run("Audit dependencies", "pip install pip-audit\npip-audit --requirement requirements.txt --strict\n"),),
    benchmark=(run("Run benchmarks", "pytest benchmarks/ --benchmark-only --benchmark-json output.json"),),
    migrate=(
        run("Run migrations", "python manage.py migrate --noinput"),
        run("Run migrations", "alembic upgrade head"),
    ),
    sources=("src/**", "tests/**", "pyproject.toml"),
    cache_path="~/.cache/pip",
    lock_file="**/requirements*.txt",
    coverage="coverage.xml",
    container="python:<version>-slim",
    codeql="python",
    extension="py",
    services=True,
)

_POETRY = replace(
    _PIP,
    manager="poetry",
    setup=(
        run("Install Poetry", "pipx install poetry"),
        use("Set up Python <version>", "actions/setup-python", {"python-version": "<version>", "cache": "poetry"}),
    ),
    install=(
        run("Install dependencies", "poetry install --no-interaction"),
        run("Install dependencies", "poetry install --with dev,test --no-interaction --no-ansi"),
    ),
    lint=(run("Lint", "poetry run ruff check ."), run("Lint", "poetry run flake8 <module>")),
    format=(run("Check formatting", "poetry run black --check ."),),
    types=(run("Type check", "poetry run mypy <module>"),),
    test=(
        run("Run tests", "poetry run pytest --cov=<module> --cov-report=xml"),
        run("Run the test suite", "poetry run coverage run -m pytest -ra\npoetry run coverage xml\n"),
    ),
    build=(run("Build package", "poetry build"),),
    audit=(
        run(
            "Audit dependencies",
            "poetry export -f requirements.txt -o requirements.txt\npipx run pip-audit -r requirements.txt\n",
        ),
    ),
    benchmark=(run("Run benchmarks", "poetry run pytest benchmarks --benchmark-json output.json"),),
    migrate=(run("Run migrations", "poetry run alembic upgrade head"),),
    cache_path="~/.cache/pypoetry",
    lock_file="**/poetry.lock",
)

_UV = replace(
    _PIP,
    manager="uv",
    versions=("3.10", "3.11", "3.12", "3.13", "3.14"),
    setup=(_SETUP_UV,),
    install=(
        run("Install dependencies", "uv sync --locked --all-extras --dev"),
        run("Install the project", "uv sync --frozen"),
        run("Install dependencies", "uv sync --all-groups"),
    ),
    lint=(run("Lint", "uv run ruff check ."), run("Ruff", "uvx ruff check --output-format=github .")),
    format=(run("Check formatting", "uv run ruff format --check ."), run("Format", "uvx ruff format --diff .")),
    types=(
        run("Type check", "uv run mypy src"),
        run("Type check", "uv run pyright"),
        run("Type check", "uv run ty check"),
    ),
    test=(
        run("Run tests", "uv run pytest"),
        run("Run tests", "uv run pytest --cov --cov-report=xml -n auto"),
        run("Test", "uv run --frozen pytest -q tests"),
    ),
    build=(run("Build", "uv build"), run("Build distributions", "uv build --sdist --wheel --out-dir dist")),
    publish=(
        run("Publish to PyPI", "uv publish --trusted-publishing always"),
        use("Publish to PyPI", "pypa/gh-action-pypi-publish@release/v1"),
    ),
    audit=(
        run(
            "Audit dependencies",
            "uv export --no-hashes --format requirements-txt > requirements.txt\nuvx pip-audit -r requirements.txt\n",
        ),
    ),
    benchmark=(run("Run benchmarks", "uv run pytest benchmarks --benchmark-json output.json"),),
    migrate=(
        run("Run migrations", "uv run alembic upgrade head"),
        run("Run migrations", "uv run python manage.py migrate"),
    ),
    environment={"UV_FROZEN": "1"},
    cache_path="~/.cache/uv",
    lock_file="**/uv.lock",
    container="ghcr.io/astral-sh/uv:python<version>-bookworm-slim",
)

_TOX = replace(
    _PIP,
    manager="tox",
    setup=(_SETUP_PIP,),
    install=(
        run("Install tox", "python -m pip install --upgrade pip tox tox-gh-actions"),
        run("Install tox", "pip install tox tox-uv"),
    ),
    lint=(run("Lint", "tox run -e lint"),),
    format=(run("Check formatting", "tox run -e format"),),
    types=(run("Type check", "tox run -e typing"),),
    test=(run("Run tox", "tox"), run("Test with tox", "tox run -e py,coverage"), run("Tests", "tox run-parallel")),
    lock_file="**/tox.ini",
    services=False,
)

_NOX = replace(
    _PIP,
    manager="nox",
    setup=(_SETUP,),
    install=(run("Install Nox", "pipx install nox"), run("Install Nox", "python -m pip install --upgrade pip nox\n")),
    lint=(run("Lint", "nox -s lint"),),
    format=(run("Check formatting", "nox -s format -- --check"),),
    types=(run("Type check", "nox -s typing"), run("Run mypy", "nox --session=mypy")),
    test=(
        run("Run Nox", "nox --session tests --python <version>"),
        run("Run tests", "nox -s tests -- --cov-report=xml"),
    ),
    cache_path=".nox",
    lock_file="noxfile.py",
    services=False,
)

PYTHON = (_PIP, _POETRY, _UV, _TOX, _NOX)
