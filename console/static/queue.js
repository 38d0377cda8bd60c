// J and K walk through the queue; Enter opens, because what is focused is a link.
import { onKeys } from "./keys.js";

const links = [...document.querySelectorAll(".case-link")];

function step(by) {
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
  links[to]?.focus();
}

onKeys({ j: () => step(1), k: () => step(-1) });
