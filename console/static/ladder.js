// The ladder of exposure: E goes one step further, D back to evidence. A still or a region is fetched when it is asked
// for, and the server notes it; of the clip as it is, and of sound, the page tells the server.
import { onKeys } from "./keys.js";

const KEPT = "assay.ladder";
const ladder = document.querySelector("[data-ladder]");
const video = document.querySelector(".viewing video");
const stated = new Set();

function tell(step) {
  if (!ladder || stated.has(step)) return;
  stated.add(step);
  const form = new FormData();
  form.append("form_token", ladder.dataset.token);
  form.append("step", step);
  fetch(`/cases/${ladder.dataset.case}/seen`, { method: "POST", body: form });
}

function showStill(button) {
  const picture = button.parentElement.querySelector("[data-picture]"), image = picture.querySelector("img");
  if (!image.src) image.src = button.dataset.still;
  picture.hidden = false;
}

function reveal(region) {
  if (region.querySelector("img")) return;
  const image = document.createElement("img");
  image.alt = "";
  image.src = region.dataset.region;
  region.append(image);
}

function how(value) {
  const choice = document.querySelector(`[name=how][value=${value}]`);
  if (!choice) return;
  choice.checked = true;
  choice.dispatchEvent(new Event("change"));
  choice.focus();
}

function steps() {
  const stills = [...document.querySelectorAll("[data-still]")];
  const clip = video ? [() => how("grey"), () => how("clear"), () => document.querySelector("[data-sound]")?.click()] : [];
  return [...stills.map((one) => () => showStill(one)), ...clip];
}

let at = 0;
function further() {
  const all = steps();
  if (at >= all.length) return;
  all[at]();
  at += 1;
  localStorage.setItem(KEPT, String(Math.min(at, document.querySelectorAll("[data-still]").length)));
}

function backToEvidence() {
  at = 0;
  localStorage.setItem(KEPT, "0");
  for (const picture of document.querySelectorAll("[data-picture]")) picture.hidden = true;
  if (!video) return;
  video.pause();
  video.muted = true;
  how("blurred");
  document.getElementById("why")?.scrollIntoView({ block: "nearest" });
}

if (ladder) {
  for (const button of document.querySelectorAll("[data-still]")) button.addEventListener("click", () => showStill(button));
  for (const region of document.querySelectorAll("[data-region]")) region.addEventListener("click", () => reveal(region));
  onKeys({ e: further, d: backToEvidence });
  // Whoever looked at stills last begins with one; nothing harder is ever shown unasked.
  if (Number(localStorage.getItem(KEPT)) > 0) further();
}
if (video) {
  const clear = () => document.querySelector("[name=how]:checked")?.value === "clear";
  const note = () => {
    if (!video.readyState) return;
    if (clear()) tell("clip");
    if (!video.muted && !video.paused) tell("sound");
  };
  for (const event of ["loadeddata", "play", "volumechange"]) video.addEventListener(event, note);
  for (const choice of document.querySelectorAll("[name=how]")) choice.addEventListener("change", note);
}
