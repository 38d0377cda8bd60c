// J and K walk through the queue; Enter opens, because what is focused is a link; N opens what nobody else has open.
// X chooses the row in focus, B goes to what can be done with those chosen, Z undoes it, / searches.
import { onKeys } from "./keys.js";

const links = [...document.querySelectorAll(".case-link")];
const boxes = [...document.querySelectorAll("[form=bulk][name=case]")];
const all = document.querySelector("[data-all]");
const chosen = document.querySelector("[data-chosen]");

function at() {
  return links.findIndex((link) => link.closest("li").contains(document.activeElement));
}

function step(by) {
  const from = at();
  const to = from < 0 ? 0 : Math.min(Math.max(from + by, 0), links.length - 1);
  links[to]?.focus();
}

function count() {
  const n = boxes.filter((box) => box.checked).length;
  chosen.textContent = chosen.textContent.replace(/\d+$/, n);
  all.checked = n > 0 && n === boxes.length;
  all.indeterminate = n > 0 && n < boxes.length;
}

function choose() {
  const box = boxes[at()];
  if (!box) return;
  box.checked = !box.checked;
  count();
}

const next = document.querySelector("#next button");
onKeys({
  j: () => step(1),
  k: () => step(-1),
  n: () => next.click(),
  x: choose,
  b: () => document.getElementById("what")?.focus(),
  z: () => document.querySelector("[data-undo]")?.click(),
  "/": () => document.getElementById("search").focus(),
});

if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  count();
}

for (const time of document.querySelectorAll("[data-countdown]")) {
  const due = new Date(time.dateTime);
  const tick = () => {
    const left = Math.ceil((due - Date.now()) / 1000);
    if (left > 0) time.textContent = `${left} s`;
    else time.closest("form").hidden = true;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
