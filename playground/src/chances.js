// How likely the model finds each token of the document: colours in the text, and what else it thought of.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

import { make } from "./page.js";

const bounds = document.body.dataset.bounds.split(" ").map(Number);

/** Tokens of a text, with their spans as offsets into the editor's text, whose units are those of UTF-16. */
export class Tokens {
  constructor(text, answer) {
    this.text = text;
    const at = offsetsIn(text);
    this.tokens = answer.tokens.map((token) => ({
      ...token,
      level: bounds.findIndex((bound) => token.probability >= bound),
      spans: token.spans.map(([from, to]) => [at(from), at(to)]),
    }));
  }

  /** The stretches of the text from an offset on, in order: each a token, or no token, with its text. */
  stretches(start) {
    const spans = this.spans().filter(([, to]) => to > start);
    const found = [];
    let at = start;
    for (const [from, to, index] of spans) {
      if (from > at) found.push({ text: this.text.slice(at, from), index: null });
      if (to > at) found.push({ text: this.text.slice(Math.max(from, at), to), index });
      at = Math.max(at, to);
    }
    if (at < this.text.length) found.push({ text: this.text.slice(at), index: null });
    return found;
  }

  spans() {
    const spans = this.tokens.flatMap((token, index) => token.spans.map(([from, to]) => [from, to, index]));
    return spans.sort((one, other) => one[0] - other[0]);
  }

  classOf(index) {
    return index === null || !this.tokens[index].level ? "" : `p${this.tokens[index].level}`;
  }

  /** The geometric mean of the probabilities of the tokens after an offset that were no matter of course. */
  mean(start) {
    const chosen = this.tokens.filter((token) => token.likeliest.length && token.spans.some(([from]) => from >= start));
    const sum = chosen.reduce((total, token) => total + Math.log(token.probability), 0);
    return chosen.length ? Math.exp(sum / chosen.length) : 1;
  }
}

function offsetsIn(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (offset) => offset;
  const offsets = [0];
  for (const character of text) offsets.push(offsets.at(-1) + character.length);
  return (offset) => offsets[offset];
}

export const showTokens = StateEffect.define(); // of Tokens, or of null

/** The tokens whose colours the document has, as `tokens` and `marks`. They move with what is edited before them. */
export const coloured = StateField.define({
  create: () => ({ tokens: null, marks: Decoration.none }),
  update(found, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(showTokens)) return { tokens: effect.value, marks: marksOf(effect.value) };
    }
    return transaction.docChanged ? { ...found, marks: found.marks.map(transaction.changes) } : found;
  },
  provide: (field) => EditorView.decorations.from(field, (found) => found.marks),
});

function marksOf(tokens) {
  if (!tokens) return Decoration.none;
  return Decoration.set(
    tokens.spans().map(([from, to, index]) =>
      Decoration.mark({ class: tokens.classOf(index), attributes: { "data-token": String(index) } }).range(from, to),
    ),
    true,
  );
}

/** Return the token at a position of the document, if it is coloured. */
export function tokenAt(state, position) {
  const { tokens, marks } = state.field(coloured);
  let found = null;
  marks.between(position, position, (from, to, mark) => {
    found = tokens.tokens[Number(mark.spec.attributes["data-token"])];
    return to > position;
  });
  return found;
}

export function percent(chance) {
  if (chance >= 0.995 && chance < 1) return "> 99 %";
  return chance < 0.005 && chance > 0 ? "< 1 %" : `${Math.round(100 * chance)} %`;
}

/** Return a row of a list of chances; `is` marks the one that was taken. */
export function chanceRow(words, chance, is = false) {
  const name = make("span", { className: is ? "is" : "" }, ...[words].flat());
  const bar = make("meter", { value: chance });
  return make("li", {}, name, make("b", { textContent: percent(chance) }), bar);
}

/** Fill an element with what the model thought at a token. */
export function describe(element, token) {
  const head = make("p", {}, make("strong", { textContent: token.token }));
  const list = make("ol", { className: "chances" });
  list.append(...token.likeliest.map((each) => chanceRow(each.token, each.probability, each.token === token.token)));
  head.append(token.likeliest.length ? ` had ${percent(token.probability)} here:` : ": nothing else is admitted here");
  element.replaceChildren(head, list);
}
