// A and R choose the decision, 1 to 9 its reason, N rules and opens the next; S skips, W shows the prompt, U goes back.
// A page that is left tells the server, so that others may take the case.
import { onKeys } from "./keys.js";

const reason = document.getElementById("rule-code");

function choose(key) {
  const choice = document.querySelector(`[data-key=${key}]`);
  if (!choice) return;
  choice.checked = true;
  fitReasons();
  reason.focus();
}

function decision() {
  return document.querySelector("[name=decision]:checked")?.value;
}

function fitReasons() {
  for (const group of reason.querySelectorAll("optgroup")) group.disabled = group.dataset.for !== decision();
  if (reason.selectedOptions[0]?.closest("optgroup")?.disabled) reason.value = "";
}

function chooseReason(number) {
  const option = reason?.querySelectorAll(`optgroup[data-for=${decision()}] option`)[number - 1];
  if (option) reason.value = option.value;
}

function rule() {
  document.getElementById("rule-next")?.click(); // what is missing, the browser says
}

function skip() {
  const more = document.getElementById("skip");
  if (!more) return;
  more.open = true;
  more.querySelector("select").focus();
}

const numbers = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), () => chooseReason(n)]));
onKeys({
  a: () => choose("a"),
  r: () => choose("r"),
  n: rule,
  s: skip,
  w: () => document.getElementById("show-prompt")?.click(),
  u: () => location.assign("/queue"),
  ...numbers,
});
if (reason) {
  for (const choice of document.querySelectorAll("[name=decision]")) choice.addEventListener("change", fitReasons);
  // In the list of reasons a digit would look for an option by its text: it chooses by number there too.
  reason.addEventListener("keydown", (event) => {
    if (numbers[event.key]) {
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
