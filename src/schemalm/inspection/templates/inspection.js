const tip = document.getElementById("tip");
const pane = document.getElementById("document");
function leave() {
  tip.hidden = true;
  for (const run of pane.querySelectorAll(".here")) run.classList.remove("here");
}
pane.addEventListener("pointerover", (event) => {
  leave();
  const run = event.target.closest("[data-token]");
  if (!run) return;
  const runs = pane.querySelectorAll(`[data-token="${run.dataset.token}"]`);
  for (const each of runs) {
    if (each.title) { each.dataset.about = each.title; each.removeAttribute("title"); }
    each.classList.add("here");
  }
  tip.textContent = run.dataset.about;
  tip.hidden = false;
  const box = run.getClientRects()[0];
  const below = box.bottom + 8;
  const fits = below + tip.offsetHeight < window.innerHeight;
  tip.style.top = `${fits ? below : Math.max(8, box.top - 8 - tip.offsetHeight)}px`;
  tip.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - tip.offsetWidth - 8))}px`;
});
pane.addEventListener("pointerleave", leave);
window.addEventListener("scroll", leave, true);
