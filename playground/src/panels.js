// What stands beside the document: what may come next, what the checks say, and what the model thought.

import { chanceRow, describe } from "./chances.js";
import { element, make } from "./page.js";

const KINDS = { string: "a text", number: "a number", array: "a list", object: "an object" };
const MAX_LISTED = 40;

function inWords({ what, text }) {
  const code = make("code", { textContent: text });
  switch (what) {
    case "key":
      return ["the key ", code];
    case "other key":
      return "a key of your own";
    case "kind":
      return KINDS[text] ?? text;
    case "value":
      return ["the value ", code];
    case "text":
      return text ? ["a text: ", code, "…"] : "a text";
    case "item":
      return "an item of the list";
    default:
      return "the end of this list or object";
  }
}

/** Show what may come next, as `next` answers it; `reason` says why there is nothing. */
export function showNext(answer, reason = "") {
  const where = answer?.place ? ["in ", make("code", { textContent: answer.place })] : ["at the top of the document"];
  const more = answer && answer.num_choices > answer.choices.length ? `, ${answer.choices.length} of ${answer.num_choices}` : "";
  element("place").replaceChildren(...(answer ? [...where, more] : [reason]));
  element("next").replaceChildren(...(answer?.choices ?? []).map((each) => chanceRow(inWords(each), each.probability)));
}

/** Show what the model thought at a token, or nothing. */
export function showThought(token) {
  element("thought").hidden = !token;
  if (token) describe(element("token"), token);
}

/** Show the verdicts on the document, and each problem with a button that `go` follows. */
export function showVerdicts(answer, problems, isAsking, go) {
  const badges = answer ? verdictsOf(answer, isAsking) : [badge("plain", "nothing to check yet")];
  element("verdicts").replaceChildren(...badges);
  element("findings").replaceChildren(
    ...problems.slice(0, MAX_LISTED).map((problem) => {
      const where = problem.line ? `line ${problem.line}, ` : "";
      const about = make("small", { textContent: `${where}${problem.source}` });
      const button = make("button", { disabled: !problem.line }, about, problem.message);
      button.addEventListener("click", () => go(problem));
      return make("li", { className: problem.severity }, button);
    }),
  );
  if (problems.length > MAX_LISTED) {
    element("findings").append(make("li", { textContent: `and ${problems.length - MAX_LISTED} more` }));
  }
}

function verdictsOf(answer, isAsking) {
  const num = answer.findings.length;
  const errors = `${num}${answer.is_cut ? " or more" : ""} error${num === 1 ? "" : "s"}`;
  const badges = [answer.valid ? badge("good", "valid") : badge("bad", errors)];
  const kinds = { true: "good", false: "bad", null: "warn" };
  badges.push(...answer.judges.map((judge) => badge(kinds[judge.accepted], judge.name, judge.failure || judge.title)));
  if (isAsking) {
    badges.push(badge("plain", "asking the judges"));
    badges.at(-1).classList.add("waits");
  }
  return badges;
}

function badge(kind, text, title = "") {
  return make("span", { className: `badge ${kind}`, textContent: text, title });
}
