// A and R choose the decision and go on to its reason; nothing is sent before the button is pressed.
import { onKeys } from "./keys.js";

function choose(key) {
  const choice = document.querySelector(`[data-key=${key}]`);
  if (!choice) return;
  choice.checked = true;
  document.getElementById("rule-code").focus();
}

onKeys({ a: () => choose("a"), r: () => choose("r"), u: () => location.assign("/queue") });
