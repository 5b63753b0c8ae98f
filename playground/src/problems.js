// What is wrong with the document: underlined in place, and listed beside it.

import { syntaxTree } from "@codemirror/language";

const SCALARS = new Set(["Key", "Literal", "QuotedLiteral", "BlockLiteralContent"]);

/** Return diagnostics for what `check` answers, in the order of the text; those without a line have no `from`. */
export function diagnosticsOf(state, answer) {
  const findings = answer.findings.map((each) => ({
    ...placeOf(state, each.line, each.column),
    severity: "error",
    source: "check",
    message: each.pointer === null ? each.reason : `${each.pointer || "/"}: ${each.reason}`,
  }));
  const judged = answer.judges.flatMap((judge) => [
    ...judge.errors.map((each) => said(state, judge, each, "error")),
    ...judge.advice.map((each) => said(state, judge, each, "info")),
  ]);
  return [...findings, ...judged].sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function said(state, judge, message, severity) {
  return { ...placeOf(state, message.line, null), severity, source: judge.name, message: message.text };
}

/** Return the stretch to underline: the scalar at a column, or all that is written on the line. */
function placeOf(state, number, column) {
  if (!number) return {};
  const line = state.doc.line(Math.min(number, state.doc.lines));
  const start = line.from + line.text.search(/\S|$/);
  const end = line.from + line.text.trimEnd().length;
  if (!column) return { line: line.number, from: start, to: Math.max(start, end) };
  const from = Math.min(line.from + column - 1, line.to);
  const node = syntaxTree(state).resolveInner(from, 1);
  const to = SCALARS.has(node.name) && node.to > from ? Math.min(node.to, end) : end;
  return { line: line.number, ...(to > from ? { from, to } : { from: start, to: end }) };
}
