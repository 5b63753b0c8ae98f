"""Ruby, PHP, Elixir and shell."""

from __future__ import annotations

from workflow_book.toolchain import Toolchain, run, use

_RUBY = Toolchain(
    language="ruby",
    manager="bundler",
    version_key="ruby",
    versions=("3.1", "3.2", "3.3", "3.4"),
    setup=(use("Set up Ruby", "ruby/setup-ruby", {"ruby-version": "<version>", "bundler-cache": True}),),
    lint=(run("RuboCop", "bundle exec rubocop --parallel"), run("Lint", "bundle exec standardrb")),
    types=(run("Type check", "bundle exec srb tc"), run("Steep", "bundle exec steep check")),
    test=(
        run("Run tests", "bundle exec rake test"),
        run("RSpec", "bundle exec rspec --format progress"),
        run("Run tests", "bin/rails db:test:prepare\nbin/rails test\n"),
    ),
    build=(run("Build gem", "gem build <package>.gemspec"), run("Precompile assets", "bin/rails assets:precompile")),
    publish=(use("Publish to RubyGems", "rubygems/release-gem"),),
    audit=(
        run("Audit", "gem install bundler-audit\nbundle-audit check --update\n"),
        run("Brakeman", "bin/brakeman --no-pager"),
    ),
    migrate=(run("Set up database", "bin/rails db:create db:schema:load"),),
    environment={"RAILS_ENV": "test"},
    sources=("lib/**", "app/**", "Gemfile.lock"),
    cache_path="vendor/bundle",
    lock_file="**/Gemfile.lock",
    coverage="coverage/coverage.xml",
    artifact="pkg/*.gem",
    container="ruby:<version>",
    codeql="ruby",
    extension="rb",
    windows=False,
    services=True,
)

_PHP = Toolchain(
    language="php",
    manager="composer",
    version_key="php",
    versions=("8.1", "8.2", "8.3", "8.4"),
    setup=(
        use(
            "Set up PHP",
            "shivammathur/setup-php",
            {"php-version": "<version>", "coverage": "xdebug", "tools": "composer:v2"},
        ),
    ),
    install=(
        run("Install dependencies", "composer install --prefer-dist --no-progress --no-interaction"),
        run("Validate and install", "composer validate --strict\ncomposer install --no-progress\n"),
    ),
    lint=(
        run("Run PHPStan", "vendor/bin/phpstan analyse --no-progress"),
        run("Run Psalm", "vendor/bin/psalm --output-format=github"),
    ),
    format=(
        run("Check code style", "vendor/bin/php-cs-fixer fix --dry-run --diff"),
        run("Check code style", "vendor/bin/pint --test"),
    ),
    test=(
        run("Run PHPUnit", "vendor/bin/phpunit --coverage-clover coverage.xml"),
        run("Run tests", "composer test"),
        run("Run Pest", "vendor/bin/pest --ci"),
    ),
    audit=(run("Audit", "composer audit --locked"),),
    migrate=(
        run("Run migrations", "php artisan migrate --force"),
        run("Run migrations", "bin/console doctrine:migrations:migrate -n"),
    ),
    sources=("src/**", "tests/**", "composer.json"),
    cache_path="~/.cache/composer",
    lock_file="**/composer.lock",
    coverage="coverage.xml",
    container="php:<version>-cli",
    extension="php",
    services=True,
)

_ELIXIR = Toolchain(
    language="elixir",
    manager="mix",
    version_key="elixir",
    versions=("1.15", "1.16", "1.17", "1.18"),
    setup=(use("Set up Elixir", "erlef/setup-beam", {"elixir-version": "<version>", "otp-version": "26"}),),
    install=(run("Install dependencies", "mix deps.get"), run("Fetch and compile", "mix deps.get\nmix deps.compile\n")),
    lint=(run("Credo", "mix credo --strict"), run("Compile", "mix compile --warnings-as-errors")),
    format=(run("Check formatting", "mix format --check-formatted"),),
    types=(run("Dialyzer", "mix dialyzer --format github"),),
    test=(
        run("Run tests", "mix test"),
        run("Test", "mix test --cover --max-failures 5"),
        run("Test", "mix coveralls.github"),
    ),
    build=(run("Build release", "mix release", env={"MIX_ENV": "prod"}),),
    publish=(run("Publish to Hex", "mix hex.publish --yes", env={"HEX_API_KEY": "${{ secrets.HEX_API_KEY }}"}),),
    audit=(run("Audit", "mix deps.audit\nmix hex.audit\n"),),
    migrate=(run("Create database", "mix ecto.create\nmix ecto.migrate\n"),),
    environment={"MIX_ENV": "test"},
    sources=("lib/**", "test/**", "mix.exs"),
    cache_path="deps\n_build\n",
    lock_file="**/mix.lock",
    artifact="_build/prod/rel/",
    container="elixir:<version>-alpine",
    extension="ex",
    windows=False,
    services=True,
)

_SHELL = Toolchain(
    language="shell",
    manager="bats",
    version_key="bash-version",
    versions=("4.4", "5.1", "5.2"),
    setup=(run("Install bats", "sudo apt-get update\nsudo apt-get install -y --no-install-recommends bats\n"),),
    lint=(
        run("ShellCheck", "git ls-files '*.sh' | xargs shellcheck --severity=warning"),
        use("ShellCheck", "ludeeus/action-shellcheck", {"scandir": "./scripts", "severity": "warning"}),
    ),
    format=(run("Check formatting", 'docker run --rm -v "$PWD:/src" -w /src mvdan/shfmt:v3 -d -i 2 -ci .'),),
    test=(
        run("Run tests", "bats --recursive --formatter tap test"),
        run("Test", "./test/run.sh"),
        run("Test", "make test SHELL=bash"),
    ),
    sources=("bin/**", "scripts/**", "**.sh"),
    artifact="<package>.tar.gz",
    build=(run("Pack", "git archive --prefix=<package>/ -o <package>.tar.gz HEAD"),),
    container="bash:<version>",
    extension="sh",
    windows=False,
)

SCRIPTING = (_RUBY, _PHP, _ELIXIR, _SHELL)
