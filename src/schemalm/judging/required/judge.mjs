// Judges documents with one npm package. Reads JSON strings from stdin, one a line, and writes for each one object to
// stdout: {messages: [{line, text, kind, advice}], failure}. A failure is an error of the package itself.
// Arguments: the judge's name, and the folder that has node_modules.

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

// What is missing around the document, not in it: source files, and configurations that it extends.
const NOT_OF_THE_DOCUMENT = new Set([18003, 5083, 6053]);

async function tsc() {
  const { default: ts } = await load("typescript/lib/typescript.js");
  const nothing = {
    useCaseSensitiveFileNames: true,
    readDirectory: () => [],
    fileExists: () => false,
    readFile: () => undefined,
  };
  return (text) => {
    const source = ts.parseJsonText("/tsconfig.json", text);
    const { errors } = ts.parseJsonSourceFileConfigFileContent(source, nothing, "/", {}, "/tsconfig.json");
    return [...source.parseDiagnostics, ...errors]
      .filter(({ code }) => !NOT_OF_THE_DOCUMENT.has(code))
      .map(({ file, start, messageText, code }) => ({
        line: file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
        text: ts.flattenDiagnosticMessageText(messageText, " "),
        kind: `TS${code}`,
        advice: false,
      }));
  };
}

const judges = {
  "github-parser": githubParser,
  "language-service": languageService,
  "action-validator": actionValidator,
  tsc,
};
const judge = await judges[judgeName]();

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { messages: await judge(JSON.parse(line)), failure: "" };
  } catch (error) {
    answer = { messages: [], failure: `${error}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
