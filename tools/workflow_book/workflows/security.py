"""Security: static analysis, dependency review, scorecards, secrets, audits."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, has_task
from workflow_book.project import Project
from workflow_book.steps import TOKEN, checkout, notify_failure, prepare, tasks, upload
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_schedule, schedule


def codeql(project: Project, random: Random) -> Json:
    """CodeQL over the languages of the repository."""
    languages = [project.toolchain.codeql, *(["actions"] if random.random() < 0.4 else [])]
    by_mode = random.random() < 0.4
    axes: Json = {"language": languages}
    inputs: Json = {"languages": "${{ matrix.language }}"}
    built = project.toolchain.codeql in {"c-cpp", "go", "java-kotlin", "csharp", "swift"}
    if by_mode:
        axes = {
            "include": [
                {"language": name, "build-mode": "autobuild" if built and name != "actions" else "none"}
                for name in languages
            ]
        }
        inputs["build-mode"] = "${{ matrix.build-mode }}"
    if random.random() < 0.35:
        inputs["queries"] = random.choice(("security-extended", "security-and-quality", "+security-and-quality"))
    if random.random() < 0.2:
        inputs["config-file"] = "./.github/codeql/codeql-config.yml"
    steps: list[Step] = [checkout(), use("Initialize CodeQL", "github/codeql-action/init", inputs)]
    if built and not by_mode:
        steps.append(use("Autobuild", "github/codeql-action/autobuild"))
    steps.append(
        use(
            "Perform CodeQL analysis",
            "github/codeql-action/analyze",
            {"category": "/language:${{ matrix.language }}"} if random.random() < 0.7 else {},
        )
    )
    job: Json = {
        "name": "Analyze (${{ matrix.language }})",
        "runs-on": "macos-15" if project.language == "swift" else "<runner>",
        "permissions": {"actions": "read", "contents": "read", "security-events": "write"},
        "strategy": {"fail-fast": False, "matrix": axes},
        "steps": steps,
    }
    trigger: Json = {
        "push": {"branches": ["<branch>"]},
        "pull_request": {"branches": ["<branch>"]},
        "schedule": schedule(random, "weekly"),
    }
    return {"on": trigger, "jobs": {"analyze": job}}


def scorecard(project: Project, random: Random) -> Json:
    """OpenSSF Scorecard."""
    steps = [
        checkout(),
        use(
            "Run analysis",
            "ossf/scorecard-action",
            {"results_file": "results.sarif", "results_format": "sarif", "publish_results": True},
        ),
        upload("SARIF file", "results.sarif", retention_days=random.choice((None, 5))),
        use("Upload to code scanning", "github/codeql-action/upload-sarif", {"sarif_file": "results.sarif"}),
    ]
    job = {
        "name": "Scorecard analysis",
        "runs-on": "<runner>",
        "permissions": {"contents": "read", "security-events": "write", "id-token": "write"},
        "steps": steps,
    }
    trigger = {
        "branch_protection_rule": None,
        "schedule": schedule(random, "weekly"),
        "push": {"branches": ["<branch>"]},
    }
    return {"on": trigger, "permissions": "read-all", "jobs": {"analysis": job}}


def dependency_review(project: Project, random: Random) -> Json:
    """Review the dependencies that a pull request adds."""
    inputs: Json = {}
    if random.random() < 0.6:
        inputs["fail-on-severity"] = random.choice(("low", "moderate", "high", "critical"))
    if random.random() < 0.4:
        inputs["comment-summary-in-pr"] = random.choice(("always", "on-failure"))
    if random.random() < 0.3:
        inputs["deny-licenses"] = random.choice(("GPL-3.0, AGPL-3.0", "AGPL-3.0"))
    permissions = {"contents": "read", **({"pull-requests": "write"} if "comment-summary-in-pr" in inputs else {})}
    steps = [checkout(), use("Dependency review", "actions/dependency-review-action", inputs)]
    trigger: Json = {"pull_request": random.choice((None, {"branches": ["<branch>"]}))}
    return {
        "on": trigger,
        "permissions": permissions,
        "jobs": {"dependency-review": {"runs-on": "<runner>", "steps": steps}},
    }


def audit(project: Project, random: Random) -> Json:
    """Audit the dependencies on a schedule."""
    steps = [*prepare(project), *tasks(project, "audit")]
    permissions = {"contents": "read"}
    if random.random() < 0.5:
        steps.append(notify_failure(random, if_="failure()"))
        permissions["issues"] = "write"
    trigger = on_schedule(random, random.choice(("daily", "weekly")))
    if random.random() < 0.5:
        trigger["push"] = {"paths": [project.toolchain.lock_file, *project.toolchain.sources[-1:]]}
    return {
        "on": trigger,
        "jobs": {
            random.choice(("audit", "security", "security-audit")): {
                "runs-on": "<runner>",
                "permissions": permissions,
                "steps": steps,
            }
        },
    }


def secrets_and_workflows(project: Project, random: Random) -> Json:
    """Look for leaked secrets and for weak workflows."""
    jobs: Json = {}
    if random.random() < 0.7:
        scan = use("Scan for secrets", "gitleaks/gitleaks-action", env={"GITHUB_TOKEN": TOKEN})
        if random.random() < 0.4:
            scan = run(
                "Scan for secrets",
                'docker run --rm -v "$PWD:/repo" ghcr.io/gitleaks/gitleaks:latest git /repo --redact --verbose',
            )
        jobs["gitleaks"] = {"runs-on": "<runner>", "steps": [checkout(fetch_depth=0), scan]}
    if not jobs or random.random() < 0.6:
        zizmor: Step = use(
            "Run zizmor", "zizmorcore/zizmor-action", {"persona": "pedantic"} if random.random() < 0.5 else {}
        )
        jobs["zizmor"] = {
            "runs-on": "<runner>",
            "permissions": {"contents": "read", "security-events": "write"},
            "steps": [checkout(persist_credentials=False), zizmor],
        }
    return {
        "on": {"push": {"branches": ["<branch>"]}, "pull_request": random.choice((None, {"branches": ["**"]}))},
        "jobs": jobs,
    }


def file_scan(project: Project, random: Random) -> Json:
    """Scan the files of the repository for known weaknesses and misconfiguration."""
    inputs: Json = {
        "scan-type": "fs",
        "scanners": random.choice(("vuln,secret,misconfig", "vuln", "misconfig")),
        "exit-code": 1,
        "severity": random.choice(("CRITICAL,HIGH", "CRITICAL")),
    }
    if random.random() < 0.5:
        inputs["ignore-unfixed"] = True
    job = {"runs-on": "<runner>", "steps": [checkout(), use("Run Trivy", "aquasecurity/trivy-action", inputs)]}
    return {"on": {"push": {"branches": ["<branch>"]}, **on_schedule(random, "weekly")}, "jobs": {"trivy": job}}


KINDS = (
    Kind(
        codeql, {"codeql": "CodeQL", "codeql-analysis": "CodeQL"}, 1.95, lambda project: bool(project.toolchain.codeql)
    ),
    Kind(scorecard, {"scorecard": "Scorecard", "scorecards": "Scorecard supply-chain security"}, 0.9),
    Kind(dependency_review, {"dependency-review": "Dependency review"}, 0.68),
    Kind(
        audit, {"audit": "Audit", "security": "Security", "security-audit": "Security audit"}, 1.05, has_task("audit")
    ),
    Kind(secrets_and_workflows, {"security": "Security", "zizmor": "Workflow security", "secrets": "Secrets"}, 0.75),
    Kind(file_scan, {"trivy": "Trivy", "vulnerabilities": "Vulnerability scan"}, 0.45),
)
