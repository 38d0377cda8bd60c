// S, X and H open skipping, escalating and handing over, with the first field in focus; Enter there opens nothing else.
import { onKeys } from "./keys.js";

function open(id) {
  const more = document.getElementById(id);
  if (!more) return;
  more.open = true;
  more.querySelector("select, textarea")?.focus();
}

onKeys({ s: () => open("skip"), x: () => open("escalate"), h: () => open("hand-over") });
