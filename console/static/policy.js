// The list of rules is filtered while one types; / goes to the filter. A replay that is under way is looked at again.
import { onKeys } from "./keys.js";

const box = document.getElementById("q");
const choice = document.getElementById("state");
const rows = [...document.querySelectorAll("[data-rule]")];

function filter() {
  const words = box.value.toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(words.every((word) => text.includes(word)) && (!choice.value || row.dataset.state === choice.value));
    if (!row.hidden) shown += 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-rule]:not([hidden])");
  }
  document.getElementById("shown").value = `${shown} / ${rows.length}`;
}

if (box) {
  box.addEventListener("input", filter);
  choice.addEventListener("change", filter);
  onKeys({ "/": () => box.focus() });
}

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("replay");
  const now = document.getElementById("replay");
  if (!fresh || !now) return;
  now.replaceWith(document.adoptNode(fresh));
  watch();
}

function watch() {
  const status = document.getElementById("replay")?.dataset.status;
  if (status === "running") setTimeout(look, 1500);
  else if (status === "interrupted") location.reload();
}

if (document.getElementById("replay")?.dataset.status === "running") watch();
