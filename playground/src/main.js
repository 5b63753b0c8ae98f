// The playground: an editor in which the model writes. Everything it knows comes from the server of this page.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";

import { Refused, ask, follow, isAborted, latest, onMissingToken, useModel } from "./api.js";
import { areOpen, closeCards, extend, finish, openCards, takeByKey, textOf, tokensOf } from "./cards.js";
import { Tokens, coloured, describe, showTokens, tokenAt } from "./chances.js";
import { look } from "./look.js";
import { askForToken, bindKeys, bindTip, element, pause, say } from "./page.js";
import { showNext, showThought, showVerdicts } from "./panels.js";
import { inWords, partAt, pointerTo } from "./path.js";
import { diagnosticsOf } from "./problems.js";
import { discard, proposal, propose } from "./proposal.js";

const MAX_TOKENS = 256;
const NUM_ALTERNATIVES = 3;
const NUM_CHOICES = 8;
const NUM_TRIES = 2;
const hasKeys = !matchMedia("(pointer: coarse)").matches;
const READY = hasKeys ? "F8 goes to the next problem, Tab leaves the editor." : "";
// How long nobody types before the server is asked, in milliseconds. Judges are programs of their own, and slow.
const PAUSE = { next: 120, check: 250, judges: 900 };

let showsColours = true;

// Questions that are asked again whenever the document or the cursor changes.

const askNext = quietly(async (signal) => {
  if (wholeText()) await pause(signal, PAUSE.next); // nobody types in an empty document
  const text = textBefore();
  try {
    showNext(await ask("/schemalm/v1/next", { text, limit: NUM_CHOICES }, signal));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showNext(null, error.message);
  }
});

// One after another, the quickest first: a document that is not valid has no tokens, and judges take seconds.
const askChecks = quietly(async (signal) => {
  const text = wholeText();
  if (!text.trim()) {
    showProblems(null, false);
    return;
  }
  await pause(signal, PAUSE.check);
  const answer = await ask("/schemalm/v1/check", { text }, signal);
  showProblems(answer, true);
  await colour(answer.valid, signal);
  await pause(signal, PAUSE.judges);
  showProblems(await ask("/schemalm/v1/check", { text, judges: true }, signal), false);
});

/** Colour the tokens of the document, if it is valid and colours are wanted. */
async function colour(isValid, signal) {
  if (showsColours && view.state.field(coloured).tokens?.text === wholeText()) return;
  const tokens = showsColours && isValid ? await tokensIn(wholeText(), signal) : null;
  view.dispatch({ effects: showTokens.of(tokens) });
}

async function tokensIn(text, signal) {
  return new Tokens(text, await ask("/schemalm/v1/tokens", { text }, signal));
}

// What the model writes when it is told to.

const complete = loudly(async (signal) => {
  closeCards();
  const [at, before] = [cursor(), textBefore()];
  const offer = (text, tokens = null) => view.dispatch({ effects: propose.of({ at, text, tokens }) });
  let text = "";
  offer(text);
  focus();
  say("Writing …", { waits: true });
  for await (const event of follow("/v1/completions", { prompt: before, max_tokens: MAX_TOKENS }, signal)) {
    const choice = event.choices[0];
    text += choice.text;
    offer(text);
    if (choice.finish) say(endingOf(choice));
  }
  if (showsColours) offer(text, await tokensIn(before + text, signal));
});

const writeThree = loudly(async (signal) => {
  discard(view);
  const [at, before] = [cursor(), textBefore()];
  openCards(NUM_ALTERNATIVES, before, ({ text, tokens }) => {
    closeCards();
    insert(at, text, tokens);
    focus();
  });
  view.dispatch({ effects: EditorView.scrollIntoView(at, { y: "end", yMargin: 24 }) });
  say("Three ways to go on. Keys 1, 2 and 3 take one, Esc takes none.");
  const asked = { prompt: before, max_tokens: MAX_TOKENS, n: NUM_ALTERNATIVES };
  const coloring = [];
  for await (const event of follow("/v1/completions", asked, signal)) {
    for (const choice of event.choices) {
      extend(choice.index, choice.text);
      if (choice.finish) coloring.push(finishCard(choice.index, before, signal));
    }
  }
  await Promise.all(coloring);
});

async function finishCard(index, before, signal) {
  const tokens = await tokensIn(before + textOf(index), signal);
  if (areOpen()) finish(index, showsColours ? tokens : null, tokens.mean(before.length));
}

const rewrite = loudly(async (signal) => {
  closeCards();
  discard(view);
  const part = partAt(view.state, cursor());
  if (!part) return;
  const name = inWords(part.path);
  focus();
  say(`Writing ${name} anew …`, { waits: true });
  const asked = { text: wholeText(), parts: [pointerTo(part.path)], tries: NUM_TRIES, max_tokens: MAX_TOKENS };
  const { text } = await ask("/schemalm/v1/regenerate", asked, signal);
  replace(text);
  say(`${name} is written anew. Undo brings the old one back.`);
});

function endingOf(choice) {
  if (choice.finish === "complete") return "The model ended the document here.";
  return "The document was ended early, for its length. It is valid.";
}

// The document.

// On a screen that is touched, the focus would open a keyboard over half of it.
const focus = () => hasKeys && view.focus();
const cursor = () => view.state.selection.main.head;
const wholeText = () => view.state.doc.toString();
const textBefore = () => view.state.sliceDoc(0, cursor());

/** Write text after an offset, instead of what follows it, and show the colours of its tokens if they are known. */
function insert(at, text, tokens) {
  view.dispatch({
    changes: { from: at, to: view.state.doc.length, insert: text },
    selection: { anchor: at + text.length },
    effects: tokens && showsColours ? showTokens.of(tokens) : [],
    userEvent: "input.complete",
    scrollIntoView: true,
  });
}

/** Change the document into another text, and select nothing of it: only what differs is replaced. */
function replace(text) {
  const old = wholeText();
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === text.at(-1 - end)) end += 1;
  const changes = { from: start, to: old.length - end, insert: text.slice(start, text.length - end) };
  view.dispatch({ changes, userEvent: "input.rewrite" });
}

function acceptProposal() {
  const found = view.state.field(proposal);
  if (!found) return false;
  if (found.text) {
    insert(found.at, found.text, found.tokens);
    say(READY);
    focus();
  }
  return true;
}

/** End whatever is going on; return whether anything was. */
function escape() {
  for (const work of [complete, writeThree, rewrite]) work.stop();
  const isGone = [closeCards(), discard(view)].some((was) => was);
  say(READY);
  if (isGone) focus();
  return isGone;
}

function showProblems(answer, isAsking) {
  const found = answer ? diagnosticsOf(view.state, answer) : [];
  view.dispatch(setDiagnostics(view.state, found.filter((each) => each.line)));
  showVerdicts(answer, found, isAsking, (problem) => {
    view.dispatch({ selection: { anchor: problem.from }, scrollIntoView: true });
    view.focus();
  });
}

function changed(update) {
  if (update.docChanged) {
    for (const work of [complete, writeThree, rewrite]) work.stop();
    closeCards();
    askChecks();
  }
  if (update.docChanged || update.selectionSet) {
    askNext();
    const part = partAt(view.state, cursor());
    element("part").textContent = part ? inWords(part.path) : "a part";
    element("rewrite").disabled = !part;
  }
  showThought(tokenAt(view.state, cursor()));
  element("offer").hidden = !view.state.field(proposal)?.text;
}

/** Return work of which only the latest goes on; what goes wrong is no news: it is asked again at the next change. */
function quietly(work) {
  return reporting(work, (error) => console.info(error.message));
}

/** The same for work that somebody waits for: it comes before checks that are under way, and what goes wrong is said. */
function loudly(work) {
  const tell = (error) => {
    closeCards();
    discard(view);
    say(error.message, { isBad: true });
  };
  return reporting(async (signal) => {
    const wasChecking = askChecks.stop();
    try {
      await work(signal);
    } finally {
      if (wasChecking && !askChecks.isRunning()) askChecks();
    }
  }, tell);
}

function reporting(work, tell) {
  const { start, stop, isRunning } = latest(work);
  const reported = () => start().catch((error) => isAborted(error) || tell(error));
  return Object.assign(reported, { stop, isRunning });
}

// The page.

const view = new EditorView({
  parent: element("editor"),
  state: EditorState.create({
    extensions: [
      EditorView.cspNonce.of(document.body.dataset.nonce),
      EditorView.contentAttributes.of({ "aria-label": "Document in YAML" }),
      EditorView.lineWrapping,
      EditorView.updateListener.of(changed),
      Prec.highest(keymap.of([{ key: "Tab", run: acceptProposal }])),
      keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      placeholder("Begin a document here, or let the model write one: “Complete from here”."),
      coloured,
      drawSelection(),
      highlightActiveLine(),
      history(),
      lineNumbers(),
      look,
      proposal,
      yaml(),
    ],
  }),
});

async function begin() {
  const { data } = await ask("/v1/models");
  const describeModel = (name) => {
    const found = data.find((each) => each.id === name);
    const [step, size, context] = [found.step, found.vocab_size, found.context_size].map((n) => n.toLocaleString("en"));
    useModel(name);
    element("model").textContent = name;
    element("facts").textContent = `step ${step} · ${size} tokens · reads ${context} at once`;
    askNext();
    askChecks();
  };
  element("models").append(...data.map((each) => new Option(each.id)));
  element("models").addEventListener("change", (event) => describeModel(event.target.value));
  element("choose").hidden = data.length === 1;
  describeModel(data[0].id);
}

element("complete").addEventListener("click", complete);
element("ways").addEventListener("click", writeThree);
element("rewrite").addEventListener("click", rewrite);
element("accept").addEventListener("click", acceptProposal);
element("discard").addEventListener("click", escape);
element("colours").addEventListener("click", (event) => {
  showsColours = !showsColours;
  event.currentTarget.setAttribute("aria-pressed", String(showsColours));
  element("legend").hidden = !showsColours;
  askChecks();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !element("ask-token").open) escape();
  else if (element("cards").contains(document.activeElement) && takeByKey(event.key)) event.preventDefault();
});
say(READY);
bindKeys();
bindTip((tip, run) => {
  const ghost = run.closest(".cm-ghost") && view.state.field(proposal)?.tokens;
  const tokens = tokensOf(run) ?? ghost ?? view.state.field(coloured).tokens;
  if (tokens) describe(tip, tokens.tokens[Number(run.dataset.token)]);
  return Boolean(tokens);
});
onMissingToken(askForToken);
focus();
begin().catch((error) => say(error.message, { isBad: true }));
