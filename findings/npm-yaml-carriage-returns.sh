#!/bin/sh
# npm yaml 2.9.1: a carriage return alone does not end a line, so a file with such line ends is silently misread.
#
# By YAML 1.2 (section 5.4), a line ends at LF, CR LF and CR. With CR alone, `# comment<CR>key: 1<CR>` is null, because the
# comment continues to the end of the file, and `- a<CR>- b<CR>` is one item. js-yaml, ruamel.yaml and ryaml read a key
# and two items.
#
# Output: the value of each text; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit yaml@2.9.1 > /dev/null
cat > example.mjs <<'JAVASCRIPT'
import { parse } from "yaml";

const cases = [
  ["# comment\rkey: 1\r", "null"],
  ["- a\r- b\r", JSON.stringify(["a\r- b\r"])],
];
for (const [text, expected] of cases) {
  const found = JSON.stringify(parse(text));
  console.log(JSON.stringify(text), found);
  if (found !== expected) throw new Error("the behaviour has changed");
}
console.log("as described");
JAVASCRIPT
node example.mjs
