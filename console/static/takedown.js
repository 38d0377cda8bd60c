// Shows a takedown while it goes: the page is asked again until everything is down, and only what changed is replaced.
const PAUSE_MS = 1000;

function show(next) {
  const [now, then] = [document, next].map((page) => page.querySelector("[data-takedown]"));
  now.dataset.takedown = then.dataset.takedown;
  const status = then.querySelector("[data-status]").textContent;
  const shown = now.querySelector("[data-status]");
  if (shown.textContent !== status) shown.textContent = status;
  now.querySelector("[data-steps]").replaceWith(then.querySelector("[data-steps]"));
  const certificate = document.querySelector("[data-certificate]");
  if (certificate) certificate.replaceWith(next.querySelector("[data-certificate]"));
}

function done() {
  const waits = document.querySelector("[data-certificate]");
  return document.querySelector("[data-takedown]").dataset.takedown === "done" && !(waits && !waits.querySelector("a"));
}

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away for a moment: asked again below.
  }
  if (!done()) setTimeout(look, PAUSE_MS);
}

setTimeout(look, PAUSE_MS);
