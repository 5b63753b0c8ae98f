"""JavaScript and TypeScript with npm, pnpm, Yarn and Bun, and Deno."""

from __future__ import annotations

from dataclasses import replace

from workflow_book.toolchain import Json, Toolchain, run, use


def _setup_node(cache: str) -> Json:
    return use("Set up Node.js", "actions/setup-node", {"node-version": "<version>", "cache": cache})


_NPM = Toolchain(
    language="javascript",
    manager="npm",
    version_key="node-version",
    versions=("18", "20", "22", "24"),
    setup=(_setup_node("npm"),),
    install=(
        run("Install dependencies", "npm ci"),
        run("Install dependencies", "npm ci --no-audit --no-fund"),
        run("Install dependencies", "npm ci --ignore-scripts"),
    ),
    lint=(run("Lint", "npm run lint"), run("ESLint", "npx eslint . --max-warnings=0")),
    format=(run("Check formatting", "npx prettier --check ."), run("Check formatting", "npm run format:check")),
    types=(run("Type check", "npx tsc --noEmit"), run("Type check", "npm run typecheck")),
    test=(
        run("Run tests", "npm test"),
        run("Run tests", "npm test -- --coverage"),
        run("Unit tests", "npm run test:unit"),
        run("Test", "npx vitest run --coverage"),
    ),
    build=(run("Build", "npm run build"), run("Build", "npm run build --if-present")),
    publish=(run("Publish to npm", "npm publish --provenance --access public"),),
    audit=(run("Audit dependencies", "npm audit --audit-level=high --omit=dev"),),
    benchmark=(run("Run benchmarks", "npm run bench -- --outputJson output.json"),),
    migrate=(run("Run migrations", "npx prisma migrate deploy"), run("Run migrations", "npx knex migrate:latest")),
    sources=("src/**", "package.json", "package-lock.json"),
    cache_path="~/.npm",
    lock_file="**/package-lock.json",
    coverage="coverage/lcov.info",
    container="node:<version>-alpine",
    codeql="javascript-typescript",
    extension="js",
    services=True,
)

_PNPM = replace(
    _NPM,
    manager="pnpm",
    versions=("20", "22", "24"),
    setup=(use("Install pnpm", "pnpm/action-setup", {"version": 9}), _setup_node("pnpm")),
    install=(
        run("Install dependencies", "pnpm install --frozen-lockfile"),
        run("Install", "pnpm install --frozen-lockfile --prefer-offline"),
    ),
    lint=(run("Lint", "pnpm lint"), run("Lint", "pnpm run lint --max-warnings 0"), run("Lint", "pnpm exec biome ci .")),
    format=(run("Check formatting", "pnpm format:check"), run("Check formatting", "pnpm exec prettier -c .")),
    types=(run("Type check", "pnpm typecheck"), run("Type check", "pnpm -r exec tsc --noEmit")),
    test=(run("Test", "pnpm test"), run("Run tests", "pnpm -r test"), run("Test", "pnpm exec vitest run --coverage")),
    build=(run("Build", "pnpm build"), run("Build packages", "pnpm -r --filter './packages/*' build")),
    publish=(run("Publish", "pnpm publish -r --no-git-checks --access public"),),
    audit=(run("Audit", "pnpm audit --prod --audit-level high"),),
    benchmark=(run("Benchmark", "pnpm bench --outputJson output.json"),),
    migrate=(run("Apply migrations", "pnpm exec prisma migrate deploy"), run("Migrate", "pnpm db:migrate")),
    sources=("packages/**", "package.json", "pnpm-lock.yaml"),
    cache_path="~/.local/share/pnpm/store",
    lock_file="**/pnpm-lock.yaml",
)

_YARN = replace(
    _NPM,
    manager="yarn",
    setup=(_setup_node("yarn"),),
    install=(
        run("Install dependencies", "yarn install --frozen-lockfile"),
        run("Install", "corepack enable\nyarn install --immutable\n"),
    ),
    lint=(run("Lint", "yarn lint"), run("Lint", "yarn eslint --ext .ts,.tsx src")),
    format=(run("Check formatting", "yarn prettier --check ."),),
    types=(run("Type check", "yarn tsc --noEmit"), run("Type check", "yarn typecheck")),
    test=(
        run("Run tests", "yarn test"),
        run("Test", "yarn jest --ci --coverage"),
        run("Run tests", "yarn workspaces foreach -A run test"),
    ),
    build=(run("Build", "yarn build"),),
    publish=(run("Publish", "yarn npm publish --access public"),),
    audit=(run("Audit", "yarn npm audit --severity high --environment production"),),
    benchmark=(run("Benchmark", "yarn bench --json output.json"),),
    migrate=(run("Run migrations", "yarn typeorm migration:run -d src/data-source.ts"),),
    sources=("src/**", "package.json", "yarn.lock"),
    cache_path=".yarn/cache",
    lock_file="**/yarn.lock",
)

_BUN = replace(
    _NPM,
    manager="bun",
    version_key="bun-version",
    versions=("1.1", "1.2", "latest"),
    setup=(use("Set up Bun", "oven-sh/setup-bun", {"bun-version": "<version>"}),),
    install=(run("Install dependencies", "bun install --frozen-lockfile"),),
    lint=(run("Lint", "bun run lint"), run("Lint", "bunx biome check .")),
    format=(run("Check formatting", "bunx prettier --check ."),),
    types=(run("Type check", "bunx tsc --noEmit"),),
    test=(run("Test", "bun test"), run("Test", "bun test --coverage --coverage-reporter=lcov")),
    build=(run("Build", "bun run build"), run("Build", "bun build ./src/index.ts --outdir dist --target node")),
    publish=(run("Publish", "bun publish --access public"),),
    audit=(run("Audit", "bun audit --audit-level=high"),),
    benchmark=(run("Benchmark", "bun run bench > output.json"),),
    migrate=(run("Run migrations", "bunx drizzle-kit migrate"),),
    sources=("src/**", "package.json", "bun.lock"),
    cache_path="~/.bun/install/cache",
    lock_file="**/bun.lock",
    container="oven/bun:1",
)

_DENO = Toolchain(
    language="deno",
    manager="deno",
    version_key="deno-version",
    versions=("v1.x", "v2.x", "canary"),
    setup=(use("Set up Deno", "denoland/setup-deno", {"deno-version": "<version>"}),),
    lint=(run("Lint", "deno lint"),),
    format=(run("Check formatting", "deno fmt --check"),),
    types=(run("Type check", "deno check src/**/*.ts"),),
    test=(
        run("Run tests", "deno test --allow-read --allow-env --coverage=cov_profile"),
        run("Test", "deno task test"),
    ),
    build=(run("Compile", "deno compile --allow-net --output dist/<package> main.ts"),),
    publish=(run("Publish to JSR", "deno publish"),),
    benchmark=(run("Benchmark", "deno bench --json > output.json"),),
    sources=("src/**", "deno.json", "deno.lock"),
    cache_path="~/.cache/deno",
    lock_file="deno.lock",
    coverage="cov_profile",
    codeql="javascript-typescript",
    extension="ts",
)

JAVASCRIPT = (_NPM, _PNPM, _YARN, _BUN, _DENO)
