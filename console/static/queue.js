// J and K walk through the queue; Enter opens, because what is focused is a link; N opens what nobody else has open.
import { onKeys } from "./keys.js";

const links = [...document.querySelectorAll(".case-link")];

function step(by) {
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
  links[to]?.focus();
}

const next = document.querySelector("#next button");
onKeys({ j: () => step(1), k: () => step(-1), n: () => next.click() });
