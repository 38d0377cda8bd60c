// The keys of a case's page; the legend (?) lists them. A ruling needs a decision, a reason and N, and no mouse.
// A page that is left tells the server, so that others may take the case.
import { onKeys } from "./keys.js";

const reason = document.getElementById("rule-code");
const replies = document.getElementById("reply-code");
const reply = document.getElementById("reply");

function choose(key) {
  const choice = document.querySelector(`[data-key=${key}]`);
  if (!choice) return;
  choice.checked = true;
  fit();
  choice.focus();
}

function decision() {
  return document.querySelector("[name=decision]:checked")?.value;
}

// Reasons, replies and what will be told are those of the decision; without one all can be read.
function fit() {
  const made = decision();
  for (const group of reason.querySelectorAll("optgroup")) group.disabled = group.dataset.for !== made;
  if (reason.selectedOptions[0]?.closest("optgroup")?.disabled) reason.value = "";
  for (const option of replies.querySelectorAll("[data-for]")) option.disabled = option.hidden = option.dataset.for !== made;
  if (replies.selectedOptions[0]?.disabled) replies.value = "";
  for (const part of document.querySelectorAll(".telling")) part.hidden = Boolean(made) && part.dataset.for !== made;
}

function chooseReason(number) {
  const option = reason?.querySelectorAll(`optgroup[data-for=${decision()}] option`)[number - 1];
  if (option) reason.value = option.value;
}

function rule() {
  const missing = [...document.querySelectorAll("#ruling [required]")].find((field) => !field.checkValidity());
  missing?.scrollIntoView({ block: "center" });
  document.getElementById("rule-next")?.click(); // what is missing, the browser says
}

function toggleTold() {
  const told = document.getElementById("told");
  if (!told) return;
  told.open = !told.open;
  if (told.open) told.scrollIntoView({ block: "nearest" });
}

// Where there is a timeline, its script steps from hit to hit; else from one marked word to the next.
let mark = -1;
function step(direction) {
  if (document.querySelector("[data-keys=jk] [data-seek]")) return;
  const marks = document.querySelectorAll("mark");
  if (!marks.length) return;
  mark = (mark + direction + marks.length) % marks.length;
  marks[mark].tabIndex = -1;
  marks[mark].focus();
}

function showLegend() {
  const legend = document.getElementById("legend");
  if (legend?.open) legend.close();
  else legend?.showModal();
}

const numbers = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), () => chooseReason(n)]));
onKeys({
  a: () => choose("a"),
  r: () => choose("r"),
  t: () => replies?.focus(),
  n: rule,
  z: () => document.querySelector("[data-undo]")?.click(),
  w: () => document.getElementById("show-prompt")?.click(),
  o: toggleTold,
  c: () => document.getElementById("resume-button")?.click(),
  j: () => step(1),
  k: () => step(-1),
  g: () => document.getElementById("next-case")?.requestSubmit(),
  u: () => location.assign("/queue"),
  "?": showLegend,
  ...numbers,
});
if (reason) {
  for (const choice of document.querySelectorAll("[name=decision]")) choice.addEventListener("change", fit);
  replies.addEventListener("change", () => { reply.value = replies.selectedOptions[0]?.dataset.text ?? ""; });
  // In a list a digit would look for an option by its text: here it chooses by number, and N rules.
  for (const list of [reason, replies]) list.addEventListener("keydown", (event) => {
    if (list === reason && numbers[event.key]) {
      event.preventDefault();
      numbers[event.key]();
    } else if (event.key === "n") {
      event.preventDefault();
      rule();
    }
  });
}

const leave = document.getElementById("leave");
let sending = false;
document.addEventListener("submit", () => { sending = true; });
document.addEventListener("click", (event) => {
  if (event.target.closest("a")?.pathname === location.pathname) sending = true; // the same case, shown otherwise
});
window.addEventListener("pagehide", () => {
  if (leave && !sending) navigator.sendBeacon(leave.action, new FormData(leave));
});
