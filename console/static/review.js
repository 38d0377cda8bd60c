// Lists: J and K walk, Enter opens. One of them: A and R choose, D takes down, F is a false match, P upholds in part, 1 to 9 the reason,
// N decides, V shows the pictures or hides them, U goes back.
import { onKeys } from "./keys.js";

const links = [...document.querySelectorAll(".case-link")];
const form = document.querySelector("form[data-decide]");

function step(by) {
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
  links[to]?.focus();
}

function groups() {
  return [...form.querySelectorAll("[data-reasons]")];
}

function fit() {
  const chosen = form.querySelector("[name=decision]:checked")?.value;
  for (const group of groups()) {
    group.hidden = group.dataset.reasons !== chosen;
    for (const input of group.querySelectorAll("input")) {
      input.disabled = group.hidden;
      input.required = !group.hidden;
    }
  }
}

function choose(key) {
  const choice = form?.querySelector(`[data-key=${key}]`);
  if (!choice) return;
  choice.checked = true;
  fit();
  choice.focus();
}

function reason(number) {
  const open = groups().find((group) => !group.hidden);
  const input = open?.querySelectorAll("input")[number - 1];
  if (input) {
    input.checked = true;
    input.focus();
  }
}

const digits = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), () => form && reason(n)]));
onKeys({
  j: () => step(1),
  k: () => step(-1),
  a: () => choose("a"),
  r: () => choose("r"),
  d: () => choose("d"),
  f: () => choose("f"),
  p: () => choose("p"),
  n: () => form?.requestSubmit(),
  v: () => document.querySelector("[data-reveal]")?.click(),
  u: () => document.querySelector("[data-back]")?.click(),
  ...digits,
});
if (form) {
  form.addEventListener("change", fit);
  fit();
}
