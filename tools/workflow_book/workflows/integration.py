"""Tests against services, in a browser, on a local cluster, with a compose file."""

from __future__ import annotations

from random import Random
from typing import Any

from workflow_book.kinds import Kind, is_program, speaks
from workflow_book.project import Project
from workflow_book.steps import checkout, prepare, tasks, upload
from workflow_book.toolchain import Json, run, use
from workflow_book.triggers import on_change, on_schedule

_HEALTH = "--health-interval 10s --health-timeout 5s --health-retries"


def _postgres(random: Random) -> Json:
    return {
        "image": f"postgres:{random.choice(('14', '15', '16', '16-alpine', '17'))}",
        "env": {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "postgres", "POSTGRES_DB": "test"},
        "ports": ["5432:5432"],
        "options": f"--health-cmd pg_isready {_HEALTH} {random.choice((3, 5, 10))}",
    }


def _mysql(random: Random) -> Json:
    return {
        "image": f"mysql:{random.choice(('8.0', '8.4', '9'))}",
        "env": {"MYSQL_ROOT_PASSWORD": "root", "MYSQL_DATABASE": "test"},
        "ports": ["3306:3306"],
        "options": f'--health-cmd="mysqladmin ping -h localhost" {_HEALTH} {random.choice((3, 5))}',
    }


def _redis(random: Random) -> Json:
    service: Json = {
        "image": f"redis:{random.choice(('7', '7-alpine', '7.4', '8'))}",
        "ports": [random.choice(("6379:6379", 6379))],
    }
    if random.random() < 0.6:
        service["options"] = f'--health-cmd "redis-cli ping" {_HEALTH} 5'
    return service


_URLS = {
    "postgres": ("DATABASE_URL", "postgresql://postgres:postgres@localhost:5432/test"),
    "mysql": ("DATABASE_URL", "mysql://root:root@127.0.0.1:3306/test"),
    "redis": ("REDIS_URL", "redis://localhost:6379/0"),
}
_SERVICES = {"postgres": _postgres, "mysql": _mysql, "redis": _redis}


def with_services(project: Project, random: Random) -> Json:
    """Integration tests with a database service."""
    names = [project.database]
    if project.database != "redis" and random.random() < 0.45:
        names.append("redis")
    env: Json = {}
    for name in names:
        variable, url = _URLS[name]
        # The runner assigns a host port if none is given.
        env[variable] = url
    services: Json = {name: _SERVICES[name](random) for name in names}
    if services.get("redis", {}).get("ports") == [6379]:
        env["REDIS_URL"] = "redis://localhost:${{ job.services.redis.ports['6379'] }}/0"
    test = dict(project.tasks["test"])
    migrate = tasks(project, "migrate") if project.database != "redis" else []
    job: Json = {"runs-on": "<runner>", "services": services}
    steps: list[Any] = [*prepare(project), *migrate, test]
    if "job.services" in env.get("REDIS_URL", "") or random.random() < 0.5:
        # Only steps can read the ports of services; the job's environment cannot.
        for index in range(len(steps) - len(migrate) - 1, len(steps)):
            steps[index] = {**steps[index], "env": {**steps[index].get("env", {}), **env}}
    else:
        job["env"] = {**project.toolchain.environment, **env}
    job["steps"] = steps
    trigger = on_change(project, random)
    return {"on": trigger, "jobs": {random.choice(("integration", "test", "database")): job}}


def in_browser(project: Project, random: Random) -> Json:
    """End-to-end tests with Playwright, with the report kept after a failure."""
    runner = {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}[project.toolchain.manager]
    browsers = random.choice((["chromium"], ["chromium", "firefox"], ["chromium", "firefox", "webkit"]))
    several = len(browsers) > 1
    browser = "${{ matrix.browser }}" if several else browsers[0]
    steps = [
        *prepare(project),
        run("Install browsers", f"{runner} playwright install --with-deps {browser}"),
        *tasks(project, "build"),
        run(
            "Run Playwright",
            f"{runner} playwright test --project={browser}",
            env={"CI": "true", "BASE_URL": "http://localhost:3000"},
        ),
        upload(
            f"playwright-report-{browser}",
            "playwright-report/",
            "Upload report",
            if_="failure()",
            retention_days=random.choice((7, 14, 30)),
        ),
    ]
    job: Json = {"timeout-minutes": random.choice((20, 30, 60)), "runs-on": "<runner>", "steps": steps}
    if several:
        job["strategy"] = {"fail-fast": False, "matrix": {"browser": browsers}}
    return {"on": on_change(project, random), "jobs": {random.choice(("e2e", "playwright")): job}}


def on_cluster(project: Project, random: Random) -> Json:
    """Install the chart on a local Kubernetes cluster and check that it starts."""
    versions = random.sample(("v1.29.14", "v1.30.10", "v1.31.6", "v1.32.2"), 2)
    load = "docker build -t <image>:ci .\nkind load docker-image <image>:ci --name chart-testing\n"
    install = (
        "helm upgrade --install <package> charts/<package> \\\n"
        "  --namespace <package> --create-namespace \\\n"
        "  --set image.tag=ci \\\n"
        f"  --wait --timeout {random.choice((3, 5))}m\n"
    )
    steps = [
        checkout(),
        use(
            "Create cluster",
            "helm/kind-action",
            {"node_image": "kindest/node:${{ matrix.kubernetes }}", "cluster_name": "chart-testing"},
        ),
        use("Set up Helm", "azure/setup-helm"),
        run("Build image", load),
        run("Install chart", install),
        run(
            "Show pods and logs",
            "kubectl get pods -A\nkubectl logs -n <package> -l app.kubernetes.io/name=<package> --tail=200\n",
            if_="failure()",
        ),
    ]
    job = {
        "runs-on": "<runner>",
        "strategy": {"fail-fast": False, "matrix": {"kubernetes": sorted(versions)}},
        "steps": steps,
    }
    return {"on": on_change(project, random, paths=False), "jobs": {"kind": job}}


def with_compose(project: Project, random: Random) -> Json:
    """Start everything from a compose file, wait until it answers, run the tests against it."""
    tries, port = random.choice((20, 30, 60)), random.choice((3000, 8000, 8080))
    path = random.choice(("health", "healthz", "ready"))
    wait = (
        "set -euo pipefail\n"
        f"for attempt in $(seq 1 {tries}); do\n"
        f"  if curl --silent --fail http://localhost:{port}/{path} > /dev/null; then\n"
        '    echo "up after $attempt attempts"\n'
        "    exit 0\n"
        "  fi\n"
        "  sleep 2\n"
        "done\n"
        f'echo "::error::nothing answers on port {port}"\n'
        "exit 1\n"
    )
    steps = [
        checkout(),
        run(
            "Start services",
            "docker compose up --detach --build --wait" if random.random() < 0.3 else "docker compose up -d --build",
        ),
        run("Wait until it is up", wait),
        run(
            "Run smoke tests", random.choice(("./scripts/smoke-test.sh", "docker compose run --rm tests", "make smoke"))
        ),
        run("Show logs", "docker compose logs --no-color --tail=200", if_="failure()"),
        run("Stop services", "docker compose down --volumes", if_="always()"),
    ]
    trigger = on_change(project, random) if random.random() < 0.7 else on_schedule(random, "daily")
    return {
        "on": trigger,
        "jobs": {random.choice(("compose", "smoke", "system-test")): {"runs-on": "<runner>", "steps": steps}},
    }


KINDS = (
    Kind(
        with_services,
        {
            "integration": "Integration tests",
            "database": "Database tests",
            "test-db": "Test with services",
            "backend": "Backend",
        },
        5.5,
        lambda project: project.toolchain.services,
        scoped=True,
        grows=True,
    ),
    Kind(
        in_browser,
        {"e2e": "E2E", "playwright": "Playwright tests", "end-to-end": "End-to-end tests"},
        3,
        speaks("javascript"),
        scoped=True,
        grows=True,
    ),
    Kind(on_cluster, {"kind": "Kubernetes", "chart": "Chart test", "helm": "Helm"}, 0.9, is_program),
    Kind(
        with_compose, {"compose": "Compose", "smoke": "Smoke test", "system": "System tests"}, 1, is_program, grows=True
    ),
)
