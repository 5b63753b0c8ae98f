// Small things of the page: its elements, its message, its keys, its tip.

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export const element = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Say something to everybody, also to screen readers. */
export function say(text, { isBad = false, waits = false } = {}) {
  element("message").textContent = text;
  element("message").classList.toggle("waits", waits);
  element("message").parentElement.classList.toggle("bad", isBad);
}

/** Return a promise that is kept after some milliseconds, or broken as soon as the signal says so. */
export function pause(signal, milliseconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Show the keys of each button on it, and let them press it wherever the focus is. */
export function bindKeys() {
  const names = isMac ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↩" } : { Mod: "Ctrl" };
  const bound = [];
  for (const button of document.querySelectorAll("[data-keys]")) {
    const keys = button.dataset.keys.split(" ");
    button.append(make("kbd", { textContent: keys.map((key) => names[key] ?? key).join(isMac ? "" : " ") }));
    button.setAttribute("aria-keyshortcuts", keys.join("+").replace("Mod", isMac ? "Meta" : "Control"));
    if (keys.length > 1) bound.push([button, keys]);
  }
  const press = (event) => {
    const found = bound.find(([, keys]) => isPressed(event, keys));
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    found[0].click();
  };
  document.addEventListener("keydown", press, true); // before the editor has the key
}

function isPressed(event, keys) {
  const name = keys.at(-1);
  const isKey = name.length === 1 ? event.code === `Key${name}` : event.key === name;
  const wanted = (key) => keys.includes(key);
  const modifier = isMac ? event.metaKey : event.ctrlKey;
  return isKey && modifier === wanted("Mod") && event.shiftKey === wanted("Shift") && event.altKey === wanted("Alt");
}

/** Show a tip at each element that `contentOf` fills it for; it returns false where there is none. */
export function bindTip(contentOf) {
  const tip = element("tip");
  const leave = () => (tip.hidden = true);
  document.addEventListener("pointerover", (event) => {
    const run = event.target.closest("[data-token]");
    tip.hidden = event.pointerType === "touch" || !run || !contentOf(tip, run);
    if (tip.hidden) return;
    const box = run.getClientRects()[0];
    const fits = box.bottom + 8 + tip.offsetHeight < window.innerHeight;
    tip.style.top = `${fits ? box.bottom + 8 : Math.max(8, box.top - 8 - tip.offsetHeight)}px`;
    tip.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - tip.offsetWidth - 8))}px`;
  });
  document.addEventListener("scroll", leave, true);
  document.addEventListener("keydown", leave, true);
}

/** Ask for the token of the server; return a promise of it. */
export function askForToken() {
  const dialog = element("ask-token");
  element("token-field").value = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(element("token-field").value), { once: true });
  });
}
