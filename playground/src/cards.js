// Three alternatives side by side; one of them is taken, or none.

import { percent } from "./chances.js";
import { element, make } from "./page.js";
import { fill } from "./proposal.js";

let cards = [];

/** Open cards for texts that will follow another one; `take` gets that of the one that is chosen, and its tokens. */
export function openCards(num, before, take) {
  const start = before.length;
  const begun = before.slice(before.lastIndexOf("\n") + 1);
  cards = Array.from({ length: num }, (_, index) => {
    const about = make("span", { textContent: "writing …", className: "waits" });
    const button = make("button", {}, "Take ", make("kbd", { textContent: String(index + 1) }));
    const text = make("pre", { tabIndex: 0 });
    text.setAttribute("aria-label", `alternative ${index + 1}`);
    const added = make("span");
    text.append(make("span", { className: "begun", textContent: begun }), added);
    const card = { text: "", tokens: null, start, about, button, pane: text, shown: added };
    button.addEventListener("click", () => take(card));
    return card;
  });
  element("cards").replaceChildren(
    ...cards.map((card) => make("article", { className: "card" }, make("header", {}, card.button, card.about), card.pane)),
  );
  element("cards").hidden = false;
  cards[0].button.focus();
}

export function closeCards() {
  const wasOpen = !element("cards").hidden;
  element("cards").hidden = true;
  cards = [];
  return wasOpen;
}

export const areOpen = () => cards.length > 0;

/** Add what was written of one alternative. */
export function extend(index, text) {
  cards[index].text += text;
  cards[index].shown.textContent = cards[index].text;
}

export const textOf = (index) => cards[index].text;

/** Show that an alternative is whole, with the mean probability of its tokens; with `tokens`, it has their colours. */
export function finish(index, tokens, mean) {
  const card = cards[index];
  card.tokens = tokens;
  card.shown.replaceChildren();
  fill(card.shown, card.text, tokens, card.start);
  card.about.classList.remove("waits");
  card.about.textContent = card.text.trim() ? `${percent(mean)} a token` : "the document ends here";
  card.about.title = "the geometric mean of the probabilities of its tokens";
}

/** Return the tokens that an element inside a card belongs to. */
export function tokensOf(run) {
  return cards.find((card) => card.shown.contains(run))?.tokens;
}

/** Take the card with a digit; return whether there is one. */
export function takeByKey(key) {
  const card = cards[Number(key) - 1];
  card?.button.click();
  return Boolean(card);
}
