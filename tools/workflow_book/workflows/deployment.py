"""Deployments: by environment, to clouds, and infrastructure as code."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, is_program, speaks
from workflow_book.project import Project
from workflow_book.steps import checkout, prepare, tasks
from workflow_book.toolchain import Json, Step, run, use

_REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
_CLOUD_PERMISSIONS = {"contents": "read", "id-token": "write"}


def _aws_login(random: Random) -> Json:
    inputs = {"role-to-assume": "${{ vars.AWS_ROLE_ARN }}", "aws-region": random.choice(_REGIONS)}
    return use("Configure AWS credentials", "aws-actions/configure-aws-credentials", inputs)


_TARGETS = ("ecs", "cloudrun", "kubernetes")


def _target_steps(random: Random, target: str, environment: str) -> list[Step]:
    """Return the steps that deploy a built image to one environment of the `target`."""
    if target == "ecs":
        deploy = (
            "aws ecs update-service \\\n"
            f"  --cluster {environment} \\\n"
            "  --service <package> \\\n"
            "  --force-new-deployment\n"
            f"aws ecs wait services-stable --cluster {environment} --services <package>\n"
        )
        return [_aws_login(random), run("Deploy", deploy)]
    if target == "cloudrun":
        login = {
            "workload_identity_provider": "${{ vars.GCP_PROVIDER }}",
            "service_account": "${{ vars.GCP_SERVICE_ACCOUNT }}",
        }
        place = {"service": f"<package>-{environment}", "region": "europe-west1", "image": "<image>:${{ github.sha }}"}
        return [
            use("Authenticate to Google Cloud", "google-github-actions/auth", login),
            use("Deploy to Cloud Run", "google-github-actions/deploy-cloudrun", place, id="deploy"),
        ]
    timeout_seconds = random.choice((120, 180, 300))
    rollout = (
        'kubectl --namespace "$NAMESPACE" set image deployment/<package> app=<image>:$GITHUB_SHA\n'
        f'kubectl --namespace "$NAMESPACE" rollout status deployment/<package> --timeout={timeout_seconds}s\n'
    )
    config = 'mkdir -p ~/.kube\necho "$KUBE_CONFIG" | base64 --decode > ~/.kube/config\nchmod 600 ~/.kube/config\n'
    return [
        run("Configure kubectl", config, env={"KUBE_CONFIG": "${{ secrets.KUBE_CONFIG }}"}),
        run("Roll out", rollout, env={"NAMESPACE": environment}),
    ]


def staged(project: Project, random: Random) -> Json:
    """Test, deploy to staging, then to production, each an environment with a URL."""
    target = random.choice(_TARGETS)
    staging: Json = {
        "needs": "test",
        "runs-on": "<runner>",
        "environment": {"name": "staging", "url": "https://staging.<package>.dev"},
        "permissions": _CLOUD_PERMISSIONS,
        "steps": [checkout(), *_target_steps(random, target, "staging")],
    }
    production: Json = {
        "needs": ["deploy-staging"],
        "if": random.choice(
            ("github.ref == 'refs/heads/<branch>'", "startsWith(github.ref, 'refs/tags/v')", "success()")
        ),
        "runs-on": "<runner>",
        "environment": {"name": "production", "url": "https://<package>.dev"},
        "permissions": _CLOUD_PERMISSIONS,
        "concurrency": random.choice(("production", {"group": "production", "cancel-in-progress": False})),
        "steps": [checkout(), *_target_steps(random, target, "production")],
    }
    test = {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, "test")]}
    push: Json = {"branches": ["<branch>"]}
    if "tags" in production["if"]:
        push["tags"] = ["v*"]
    jobs = {"test": test, "deploy-staging": staging, "deploy-production": production}
    return {"on": {"push": push}, "jobs": jobs}


def by_hand(project: Project, random: Random) -> Json:
    """Deploy a chosen version to a chosen environment, on request."""
    inputs: Json = {
        "environment": {"description": "Where to deploy", "required": True, "type": "environment"},
        "version": {
            "description": "Tag or commit to deploy",
            "required": False,
            "default": project.habits.branch,
            "type": "string",
        },
    }
    if random.random() < 0.5:
        inputs["environment"] = {
            "description": "Target",
            "required": True,
            "default": "staging",
            "type": "choice",
            "options": ["staging", "production"],
        }
    if random.random() < 0.6:
        inputs["run-migrations"] = {"description": "Run migrations first", "type": "boolean", "default": True}
    if random.random() < 0.4:
        inputs["replicas"] = {"description": "How many replicas", "type": "number", "default": random.choice((1, 2, 3))}
    steps: list[Step] = [
        checkout(ref="${{ inputs.version }}"),
        *_target_steps(random, random.choice(_TARGETS), "${{ inputs.environment }}"),
    ]
    if "run-migrations" in inputs:
        steps.insert(
            1,
            run(
                "Run migrations",
                "./scripts/migrate.sh",
                if_="${{ inputs.run-migrations }}",
                env={"DATABASE_URL": "${{ secrets.DATABASE_URL }}"},
            ),
        )
    if "replicas" in inputs:
        steps.append(run("Scale", "./scripts/scale.sh <package> ${{ inputs.replicas }}"))
    job = {
        "runs-on": "<runner>",
        "environment": "${{ inputs.environment }}",
        "permissions": _CLOUD_PERMISSIONS,
        "concurrency": {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False},
        "steps": steps,
    }
    return {
        "run-name": "Deploy ${{ inputs.version }} to ${{ inputs.environment }}",
        "on": {"workflow_dispatch": {"inputs": inputs}},
        "jobs": {"deploy": job},
    }


def terraform(project: Project, random: Random) -> Json:
    """Plan on pull requests with the plan as a comment, apply on the default branch."""
    folder = random.choice(("infra", "terraform", "environments/${{ matrix.environment }}"))
    several = "matrix" in folder
    setup = use(
        "Set up Terraform",
        "hashicorp/setup-terraform",
        {"terraform_version": project.version if project.language == "terraform" else "1.9.8"},
    )
    plan = "set -o pipefail\nterraform plan -no-color -input=false -out=tfplan | tee plan.txt\n"
    comment = (
        "{\n"
        "  echo '### Terraform plan'\n"
        "  echo '```'\n"
        "  tail -c 60000 plan.txt\n"
        "  echo '```'\n"
        "} > comment.md\n"
        'gh pr comment "$NUMBER" --body-file comment.md --edit-last || gh pr comment "$NUMBER" --body-file comment.md\n'
    )
    steps: list[Step] = [
        checkout(),
        _aws_login(random),
        setup,
        run("Check formatting", "terraform fmt -check -recursive"),
        run("Initialize", "terraform init -input=false"),
        run("Validate", "terraform validate -no-color"),
        run("Plan", plan, id="plan", shell="bash"),
    ]
    if random.random() < 0.7:
        variables = {"GH_TOKEN": "${{ github.token }}", "NUMBER": "${{ github.event.pull_request.number }}"}
        steps.append(
            run("Comment on the pull request", comment, if_="github.event_name == 'pull_request'", env=variables)
        )
    condition = "github.ref == 'refs/heads/<branch>' && github.event_name == 'push'"
    steps.append(run("Apply", "terraform apply -auto-approve -input=false tfplan", if_=condition))
    job: Json = {
        "runs-on": "<runner>",
        "permissions": {**_CLOUD_PERMISSIONS, "pull-requests": "write"},
        "defaults": {"run": {"working-directory": folder}},
        "steps": steps,
    }
    if several:
        job["strategy"] = {
            "max-parallel": 1,
            "matrix": {"environment": random.choice((["dev", "production"], ["dev", "staging", "production"]))},
        }
    root = folder.split("/")[0]
    trigger = {"push": {"branches": ["<branch>"], "paths": [f"{root}/**"]}, "pull_request": {"paths": [f"{root}/**"]}}
    concurrency = {"group": "terraform-${{ github.ref }}", "cancel-in-progress": False}
    return {"on": trigger, "concurrency": concurrency, "env": {"TF_IN_AUTOMATION": "true"}, "jobs": {"terraform": job}}


def preview(project: Project, random: Random) -> Json:
    """A preview for each pull request, removed when it is closed."""
    name = "pr-${{ github.event.number }}"
    script = random.choice(
        ("./scripts/preview.sh up", "make preview-up", 'npx --yes vercel deploy --yes --token="$DEPLOY_TOKEN"')
    )
    down = "make preview-down" if script.startswith("make") else "./scripts/preview.sh down"
    env = {"PREVIEW_NAME": name, "DEPLOY_TOKEN": "${{ secrets.PREVIEW_TOKEN }}"}
    jobs: Json = {
        "deploy": {
            "if": "github.event.action != 'closed'",
            "runs-on": "<runner>",
            "environment": {"name": f"preview-{name}", "url": "${{ steps.preview.outputs.url }}"},
            "steps": [
                checkout(),
                run("Deploy preview", f'url=$({script})\necho "url=$url" >> "$GITHUB_OUTPUT"\n', id="preview", env=env),
            ],
        },
        "remove": {
            "if": "github.event.action == 'closed'",
            "runs-on": "<runner>",
            "steps": [checkout(), run("Remove preview", down, env=env)],
        },
    }
    trigger = {"pull_request": {"types": ["opened", "synchronize", "reopened", "closed"]}}
    return {"on": trigger, "concurrency": f"preview-{name[3:]}", "jobs": jobs}


KINDS = (
    Kind(staged, {"deploy": "Deploy", "cd": "CD", "delivery": "Continuous delivery"}, 2, is_program, reports=True),
    Kind(
        by_hand,
        {"deploy-manual": "Manual deployment", "deploy-version": "Deploy a version", "promote": "Promote"},
        1.5,
        is_program,
        reports=True,
    ),
    Kind(
        terraform,
        {"terraform": "Terraform", "infra": "Infrastructure", "plan": "Terraform plan"},
        9,
        speaks("terraform"),
    ),
    Kind(terraform, {"infrastructure": "Infrastructure", "terraform": "Terraform"}, 0.5, is_program),
    Kind(preview, {"preview": "Preview", "pr-preview": "Deploy preview"}, 1, speaks("javascript", "docs")),
)
