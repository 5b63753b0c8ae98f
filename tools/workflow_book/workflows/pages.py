"""Documentation: built on changes, deployed to GitHub Pages, previewed and checked for dead links."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind
from workflow_book.project import Project
from workflow_book.steps import TOKEN, checkout, prepare, tasks
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_schedule

_PYTHON = use("Set up Python", "actions/setup-python", {"python-version": "3.12", "cache": "pip"})
_NODE = use("Set up Node.js", "actions/setup-node", {"node-version": 20})
# For repositories that are not only documentation: the tool, its steps, the folder of the site.
_GENERATORS: dict[str, tuple[tuple[Step, ...], str]] = {
    "mkdocs": (
        (
            _PYTHON,
            run("Install MkDocs", "pip install -r docs/requirements.txt"),
            run("Build site", "mkdocs build --strict"),
        ),
        "site",
    ),
    "sphinx": (
        (_PYTHON, run("Install", "pip install -r docs/requirements.txt"), run("Build HTML", "make -C docs html")),
        "docs/_build/html",
    ),
    "docusaurus": (
        (
            _NODE,
            run("Install", "npm ci", working_directory="website"),
            run("Build", "npm run build", working_directory="website"),
        ),
        "website/build",
    ),
    "vitepress": ((_NODE, run("Install", "npm ci"), run("Build docs", "npm run docs:build")), "docs/.vitepress/dist"),
    "mdbook": (
        (use("Install mdBook", "taiki-e/install-action", {"tool": "mdbook"}), run("Build book", "mdbook build docs")),
        "docs/book",
    ),
    "hugo": (
        (
            use("Set up Hugo", "peaceiris/actions-hugo", {"hugo-version": "0.140.0"}),
            run("Build", "hugo --minify --source docs"),
        ),
        "docs/public",
    ),
}
_NATURAL = {
    "python": ("mkdocs", "sphinx"),
    "javascript": ("docusaurus", "vitepress"),
    "rust": ("mdbook",),
    "go": ("hugo", "mkdocs"),
}


def site_steps(project: Project, random: Random) -> tuple[list[Step], str]:
    """Return the steps that build the site after a checkout, and the folder that they write to."""
    if project.language == "docs":
        return [*prepare(project)[1:], *tasks(project, "test")], project.toolchain.artifact.rstrip("/")
    steps, folder = _GENERATORS[random.choice(_NATURAL.get(project.language, tuple(_GENERATORS)))]
    return list(steps), folder


def deploy_pages(project: Project, random: Random) -> Json:
    """Build the site and deploy it to GitHub Pages with the official actions."""
    steps, folder = site_steps(project, random)
    upload_site = use("Upload site", "actions/upload-pages-artifact", {"path": folder})
    deploy = use("Deploy to GitHub Pages", "actions/deploy-pages", id="deployment")
    environment = {"name": "github-pages", "url": "${{ steps.deployment.outputs.page_url }}"}
    configure = [use("Configure Pages", "actions/configure-pages")] if random.random() < 0.6 else []
    first = [checkout(**random.choice(({}, {"fetch_depth": 0}))), *configure, *steps, upload_site]
    if random.random() < 0.75:
        jobs: Json = {
            "build": {"runs-on": "<runner>", "steps": first},
            "deploy": {"needs": "build", "runs-on": "<runner>", "environment": environment, "steps": [deploy]},
        }
    else:
        jobs = {"deploy": {"runs-on": "<runner>", "environment": environment, "steps": [*first, deploy]}}
    push: Json = {"branches": ["<branch>"]}
    if random.random() < 0.5:
        push["paths"] = (
            ["docs/**", ".github/workflows/**"] if project.language != "docs" else list(project.toolchain.sources)
        )
    trigger: Json = {"push": push}
    if random.random() < 0.8:
        trigger["workflow_dispatch"] = None
    return {
        "on": trigger,
        "permissions": {"contents": "read", "pages": "write", "id-token": "write"},
        "concurrency": {"group": "pages", "cancel-in-progress": random.choice((True, False))},
        "jobs": jobs,
    }


def push_branch(project: Project, random: Random) -> Json:
    """Build the site and push it to the branch that Pages serves."""
    steps, folder = site_steps(project, random)
    inputs: Json = {"github_token": TOKEN, "publish_dir": f"./{folder}"}
    if random.random() < 0.4:
        inputs["cname"] = "docs.<package>.dev"
    if random.random() < 0.3:
        inputs["force_orphan"] = True
    deploy = use("Deploy", "peaceiris/actions-gh-pages", inputs, if_="github.ref == 'refs/heads/<branch>'")
    job = {"runs-on": "<runner>", "permissions": {"contents": "write"}, "steps": [checkout(), *steps, deploy]}
    return {
        "on": {"push": {"branches": ["<branch>"]}, "pull_request": None},
        "jobs": {random.choice(("docs", "deploy")): job},
    }


def check_documentation(project: Project, random: Random) -> Json:
    """Build the documentation of a pull request without publishing it."""
    steps, folder = site_steps(project, random)
    files = ["docs/**", "**.md"] if project.language != "docs" else list(project.toolchain.sources)
    if random.random() < 0.5:
        keep = use(
            "Keep preview", "actions/upload-artifact", {"name": "docs-preview", "path": folder, "retention-days": 5}
        )
        steps = [*steps, keep]
    job = {"runs-on": "<runner>", "steps": [checkout(), *steps]}
    return {"on": {"pull_request": {"paths": files}}, "jobs": {"docs": job}}


def check_links(project: Project, random: Random) -> Json:
    """Look for dead links every week and open an issue."""
    arguments = random.choice(
        ("--verbose --no-progress './**/*.md'", "--cache --max-cache-age 1d .", "--exclude-mail docs README.md")
    )
    steps = [
        checkout(),
        use("Check links", "lycheeverse/lychee-action", {"args": arguments, "fail": False}, id="lychee"),
        use(
            "Open issue",
            "peter-evans/create-issue-from-file",
            {"title": "Dead links", "content-filepath": "./lychee/out.md", "labels": "documentation, automated"},
            if_="steps.lychee.outputs.exit_code != 0",
        ),
    ]
    job = {"runs-on": "<runner>", "permissions": {"contents": "read", "issues": "write"}, "steps": steps}
    return {"on": on_schedule(random, random.choice(("weekly", "monthly"))), "jobs": {"links": job}}


KINDS = (
    Kind(
        deploy_pages,
        {"docs": "Docs", "pages": "Pages", "deploy-docs": "Deploy documentation", "website": "Website"},
        4,
        reports=True,
    ),
    Kind(push_branch, {"gh-pages": "GitHub Pages", "documentation": "Documentation"}, 1.2),
    Kind(check_documentation, {"docs-pr": "Docs preview", "check-docs": "Check docs"}, 1),
    Kind(check_links, {"links": "Links", "link-check": "Check links"}, 1),
)
