// Judges documents with one npm package: reads JSON strings from stdin, one a line, and writes one array of messages for
// each, {line, text, kind, advice}, to stdout. Arguments: the judge's name, and the folder that has node_modules.

import { register } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

register("./json_imports.mjs", import.meta.url);

const [judgeName, folder] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${folder}/node_modules/${path}`));
const WARNING = 2;

async function githubParser() {
  const { NoOperationTraceWriter, parseWorkflow } = await load("@actions/workflow-parser/dist/index.js");
  const { convertWorkflowTemplate } = await load("@actions/workflow-parser/dist/model/convert.js");
  return async (text) => {
    const { context, value } = parseWorkflow({ name: "workflow.yml", content: text }, new NoOperationTraceWriter());
    if (value) await convertWorkflowTemplate(context, value);
    return context.errors
      .getErrors()
      .map((error) => ({ line: error.range?.start.line ?? 0, text: error.rawMessage, kind: "", advice: false }));
  };
}

async function languageService() {
  const { validate } = await load("@actions/languageservice/dist/index.js");
  const { clearCache } = await load("@actions/languageservice/dist/utils/workflow-cache.js");
  const { TextDocument } = await load("vscode-languageserver-textdocument/lib/esm/main.js");
  return async (text) => {
    clearCache();
    const found = await validate(TextDocument.create("file:///workflow.yml", "yaml", 1, text));
    return found.map(({ range, message, code, severity }) => ({
      line: range.start.line + 1,
      text: message,
      kind: code ?? "",
      advice: severity >= WARNING,
    }));
  };
}

async function actionValidator() {
  const { default: validator } = await load("@action-validator/core/action_validator.js");
  return (text) =>
    validator
      .validateWorkflow(text)
      .errors.map((error) => ({ line: 0, text: error.detail ?? error.title, kind: error.code, advice: false }));
}

const judges = { github_parser: githubParser, language_service: languageService, action_validator: actionValidator };
const judge = await judges[judgeName]();

for await (const line of createInterface({ input: process.stdin })) {
  let messages;
  try {
    messages = await judge(JSON.parse(line));
  } catch (error) {
    messages = [{ line: 0, text: `${error}`, kind: "crash", advice: false }];
  }
  process.stdout.write(`${JSON.stringify(messages)}\n`);
}
