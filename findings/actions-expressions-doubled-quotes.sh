#!/bin/sh
# @actions/expressions 0.3.61 (npm, GitHub's own): only the first doubled quote of a string becomes one quote.
#
# In expressions of GitHub Actions, strings stand in single quotes, and two of them within a string mean one (GitHub's
# documentation of expressions, "Literals"). The lexer replaces only the first pair: 'it''s' is right, but 'it''s Bob''s'
# keeps both quotes of `Bob''s`. No error is reported. So a text in which every quote was doubled may come back as another
# text, and a comparison with it is false where it should be true.
#
# Output: the value of each expression; whether each title, read from a context, equals its own quoted form; then "as
# described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit @actions/expressions@0.3.61 > /dev/null
cat > example.mjs <<'JAVASCRIPT'
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

function value(expression, title) {
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, ["inputs"], []).parse();
  const inputs = new data.Dictionary({ key: "title", value: new data.StringData(title) });
  return new Evaluator(tree, new data.Dictionary({ key: "inputs", value: inputs })).evaluate().coerceString();
}

const cases = [
  ["it's", "it's", "true"],
  ["it's Bob's", "it's Bob''s", "false"],
  ["'a' or 'b'", "'a'' or ''b''", "false"],
];
for (const [title, expectedText, expectedEqual] of cases) {
  const quoted = `'${title.replaceAll("'", "''")}'`;
  const text = value(quoted, "");
  const equal = value(`inputs.title == ${quoted}`, title);
  console.log(`${quoted}: ${text}; equals the title ${title}: ${equal}`);
  if (text !== expectedText || equal !== expectedEqual) throw new Error("the behaviour has changed");
}
console.log("as described");
JAVASCRIPT
node example.mjs
