#!/bin/sh
# @actions/workflow-parser 0.3.61 (npm, GitHub's own): the option `featureFlags` of convertWorkflowTemplate comes too late
# for the keys that it allows.
#
# A step may have `background: true` if the flag allowBackgroundSteps is set. convertWorkflowTemplate has an option for
# flags, and parseWorkflow, which must be called before it, has none. But parseWorkflow is what refuses the key, so with
# the option the step is refused as without it. The flag has to be in the state of a context that is made by hand and
# given to parseWorkflow; then the step is accepted, with or without the option.
#
# Output: for each place of the flag, the errors after parseWorkflow and after convertWorkflowTemplate; then "as
# described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit @actions/workflow-parser@0.3.61 @actions/expressions@0.3.61 > /dev/null
cat > json_imports.mjs <<'JAVASCRIPT'
// The package imports JSON without an attribute, which Node does not allow.
import { readFile } from "node:fs/promises";

export async function load(url, context, nextLoad) {
  if (!url.endsWith(".json")) return nextLoad(url, context);
  return { format: "module", shortCircuit: true, source: `export default ${await readFile(new URL(url), "utf8")}` };
}
JAVASCRIPT
cat > example.mjs <<'JAVASCRIPT'
import { register } from "node:module";
import { FeatureFlags } from "@actions/expressions/features";

register("./json_imports.mjs", import.meta.url);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");
const { TemplateContext, TemplateValidationErrors } = await import(
  "@actions/workflow-parser/templates/template-context"
);
const { getWorkflowSchema } = await import("@actions/workflow-parser/workflows/workflow-schema");

const content = `
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - run: make
      background: true
`;
const featureFlags = new FeatureFlags({ allowBackgroundSteps: true });

async function errors(inState, inOptions) {
  const trace = new NoOperationTraceWriter();
  const made = new TemplateContext(new TemplateValidationErrors(), getWorkflowSchema(), trace);
  if (inState) made.state.featureFlags = featureFlags;
  const { context, value } = parseWorkflow({ name: "workflow.yml", content }, made);
  const texts = () => context.errors.getErrors().map((error) => error.rawMessage);
  const read = texts();
  await convertWorkflowTemplate(context, value, undefined, inOptions ? { featureFlags } : undefined);
  return JSON.stringify([read, texts()]);
}

const refused = ["Unexpected value 'background'"];
const cases = [
  ["nowhere", false, false, [refused, refused]],
  ["in the option", false, true, [refused, refused]],
  ["in the state", true, false, [[], []]],
  ["in both", true, true, [[], []]],
];
for (const [place, inState, inOptions, expected] of cases) {
  const found = await errors(inState, inOptions);
  console.log(`flag ${place}: ${found}`);
  if (found !== JSON.stringify(expected)) throw new Error("the behaviour has changed");
}
console.log("as described");
JAVASCRIPT
node example.mjs
