// The part of a YAML text that the cursor is on, from the editor's syntax tree.

import { syntaxTree } from "@codemirror/language";

/** Return the path of the innermost entry or item at a position: its keys and indices, and where it is. */
export function partAt(state, position) {
  const line = state.doc.lineAt(position);
  // On the indentation of a line, or after its end, the part is the one that is written on the line.
  const first = line.from + line.text.search(/\S|$/);
  const at = Math.min(Math.max(position, first), line.from + line.text.trimEnd().length);
  if (first === line.to) return null;
  const tree = syntaxTree(state);
  const onLine = [tree.resolveInner(at, -1), tree.resolveInner(at, 1)].map((node) => pathTo(state, node));
  const begun = onLine.filter((part) => part);
  return begun.sort((one, other) => other.path.length - one.path.length)[0] ?? null;
}

function pathTo(state, node) {
  const path = [];
  let part = null;
  for (let here = node; here; here = here.parent) {
    if (here.name === "Pair") {
      const key = here.getChild("Key");
      if (!key) return null;
      path.unshift(keyOf(state.sliceDoc(key.from, key.to)));
    } else if (here.name === "Item") {
      path.unshift(indexOf(here));
    } else {
      continue;
    }
    part ??= here;
  }
  return part && { path, from: part.from, to: part.to };
}

function indexOf(item) {
  let index = 0;
  for (let before = item.prevSibling; before; before = before.prevSibling) index += before.name === "Item";
  return index;
}

function keyOf(source) {
  const text = source.trim();
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text);
    } catch {
      return text.slice(1, -1); // an escape that only YAML has
    }
  }
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
}

/** Return a path as a JSON pointer. */
export function pointerTo(path) {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Return a path as people write it: jobs.build.steps[2]. */
export function inWords(path) {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : (index ? "." : "") + part)).join("");
}
