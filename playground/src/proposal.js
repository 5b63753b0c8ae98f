// What the model proposes to write at the cursor: shown there, and no part of the document until it is accepted.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

export const propose = StateEffect.define(); // of { at, text, tokens, isDone }, or of null

class Ghost extends WidgetType {
  constructor(proposal) {
    super();
    this.proposal = proposal;
  }

  eq(other) {
    return other.proposal === this.proposal;
  }

  toDOM() {
    const ghost = document.createElement("span");
    ghost.className = "cm-ghost";
    ghost.setAttribute("aria-label", "proposed text");
    const { text, tokens, at } = this.proposal;
    fill(ghost, text, tokens, at);
    return ghost;
  }

  ignoreEvent() {
    return false;
  }
}

/** Fill an element with text after an offset; if its tokens are known, it has their colours. */
export function fill(element, text, tokens, start) {
  if (!tokens) {
    element.textContent = text;
    return;
  }
  for (const stretch of tokens.stretches(start)) {
    const part = document.createElement("span");
    part.textContent = stretch.text;
    part.className = tokens.classOf(stretch.index);
    if (stretch.index !== null) part.dataset.token = stretch.index;
    element.append(part);
  }
}

export const proposal = StateField.define({
  create: () => null,
  update(found, transaction) {
    for (const effect of transaction.effects) if (effect.is(propose)) return effect.value;
    return transaction.docChanged ? null : found;
  },
  provide: (field) => EditorView.decorations.compute([field], (state) => decorations(state, state.field(field))),
});

function decorations(state, found) {
  if (!found) return Decoration.none;
  const marks = [Decoration.widget({ widget: new Ghost(found), side: 1 }).range(found.at)];
  // A document ends with what is proposed: what follows the cursor makes way for it.
  if (state.sliceDoc(found.at).trim()) marks.push(Decoration.mark({ class: "cm-replaced" }).range(found.at, state.doc.length));
  return Decoration.set(marks, true);
}

/** Propose nothing any more; return whether anything was proposed. */
export function discard(view) {
  if (!view.state.field(proposal)) return false;
  view.dispatch({ effects: propose.of(null) });
  return true;
}
