#!/bin/sh
# @actions/workflow-parser 0.3.61 (npm, GitHub's own): a text over several lines that has an expression is taken from the
# source of the file, not from the value that YAML gives it.
#
# In YAML 1.2.2, the style of a text is a detail of its presentation (section 3.2.3.1): quotes, escapes, indentation and
# folded line breaks are no part of the value (sections 7.3 and 8.1). The parser keeps to this for texts without `${{ }}`
# and for texts on one line. But if a text has an expression and spans lines in the file, its literal parts include the
# outer quotes, the doubled quotes, the escapes and the indentation of the file; `>-` does not fold, and does not remove
# the last line break. No error is reported. Where such a text is in single quotes, the strings of its expressions keep
# their doubled quotes, so a valid workflow is refused. With the same text on one line, it is accepted.
#
# Output: for each text, its value by npm yaml 2.9.1, and what the parser makes of it, as format('TEXT', …) or an error;
# then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit \
  @actions/workflow-parser@0.3.61 @actions/expressions@0.3.61 yaml@2.9.1 > /dev/null
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
import { parse } from "yaml";

register("./json_imports.mjs", import.meta.url);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

async function read(run) {
  const content = `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n    - run: ${run}\n`;
  const { context, value } = parseWorkflow({ name: "workflow.yml", content }, new NoOperationTraceWriter());
  const { jobs } = await convertWorkflowTemplate(context, value);
  const [error] = context.errors.getErrors();
  if (error) return [content, error.rawMessage];
  const text = jobs[0].steps[0].run;
  return [content, text.expression ?? text.value];
}

const cases = [
  ["'it''s ${{ github.ref }}'", "it's ${{ github.ref }}", "format('it''s {0}', github.ref)"],
  ["'it''s\n        ${{ github.ref }}'", "it's ${{ github.ref }}", "format('''it''''s\n        {0}''', github.ref)"],
  ['"a\\x62\n        ${{ github.ref }}"', "ab ${{ github.ref }}", "format('\"a\\x62\n        {0}\"', github.ref)"],
  [">-\n        a\n        b", "a b", "a b"],
  [">-\n        a\n        ${{ github.ref }}", "a ${{ github.ref }}", "format('        a\n        {0}\n', github.ref)"],
  ["'a ${{ env.B == ''c'' }}'", "a ${{ env.B == 'c' }}", "format('a {0}', env.B == 'c')"],
  ["'a\n        ${{ env.B == ''c'' }}'", "a ${{ env.B == 'c' }}", /^Unexpected symbol: 'c'''/],
];
for (const [text, value, expected] of cases) {
  const [content, found] = await read(text);
  console.log(`${JSON.stringify(value)} written as ${JSON.stringify(text)}: ${JSON.stringify(found)}`);
  if (parse(content).jobs.a.steps[0].run !== value) throw new Error("the value is another one");
  if (expected instanceof RegExp ? !expected.test(found) : found !== expected) {
    throw new Error("the behaviour has changed");
  }
}
console.log("as described");
JAVASCRIPT
node example.mjs
