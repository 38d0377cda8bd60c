// What an answer can do: be copied, show the reader's own file, and stand beside what was published.
export function wireFinding(finding, file = null, yours = "") {
  copying(finding.querySelector("[data-copy-answer]"), finding);
  const shown = file && media(file, yours);
  if (shown) preview(finding.querySelector("[data-preview]"), shown);
  const compare = finding.querySelector("[data-compare]");
  if (compare && file) comparing(compare, media(file, yours));
}

function copying(button, finding) {
  if (!button || !navigator.clipboard) return;
  const label = button.querySelector("span");
  const before = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const parts = [".headline", ".summary"].map((part) => finding.querySelector(part).textContent.trim());
    await navigator.clipboard.writeText([...parts, button.dataset.link].filter(Boolean).join("\n"));
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2000);
  });
}

// The file as the browser shows it, from where it lies: nothing of it is sent for this.
function media(file, label) {
  const kind = file.type.split("/")[0];
  if (kind !== "video" && kind !== "image") return null;
  const element = document.createElement(kind === "video" ? "video" : "img");
  element.src = URL.createObjectURL(file);
  if (kind === "video") Object.assign(element, { muted: true, playsInline: true, preload: "metadata" });
  if (kind === "image") element.alt = label;
  else element.setAttribute("aria-label", label);
  return element;
}

function preview(place, shown) {
  const drop = () => shown.remove(); // what the browser cannot show leaves the picture that was there
  shown.addEventListener("error", drop);
  shown.controls = true;
  shown.currentTime = 0.1; // else some browsers show no picture before it is played
  shown.addEventListener(shown.localName === "img" ? "load" : "loadedmetadata", () => place.replaceChildren(shown));
  if (shown.localName === "video") shown.load();
}

function comparing(compare, shown) {
  const stage = compare.querySelector(".stage");
  const published = stage.querySelector("video");
  const [divide, moment] = ["divide", "moment"].map((name) => compare.querySelector(`[data-${name}]`));
  if (!shown) return;
  shown.classList.add("yours");
  const split = () => stage.style.setProperty("--divide", `${divide.value}%`);
  shown.addEventListener("error", () => shown.remove());
  compare.addEventListener("toggle", () => {
    if (!compare.open || shown.isConnected) return;
    published.controls = false;
    published.preload = "auto";
    published.load();
    stage.append(shown);
    compare.querySelector(".sliders").hidden = false;
    split();
  });
  divide.addEventListener("input", split);
  const seek = () => {
    for (const video of stage.querySelectorAll("video")) {
      if (video.duration) video.currentTime = (moment.value / 1000) * video.duration;
    }
  };
  moment.addEventListener("input", seek);
  for (const one of [published, shown]) one.addEventListener("loadedmetadata", seek); // it may come later than the wish
}
