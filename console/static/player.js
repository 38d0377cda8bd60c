// Controls beside the picture, so that they can be seen while it is blurred; how it is shown is remembered here.
import { onKeys } from "./keys.js";

const KEPT = "assay.viewing";

function clock(seconds) {
  const whole = Math.floor(seconds || 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function control(video, bar) {
  const [play, seek, time, sound] = ["play", "seek-bar", "time", "sound"].map((name) => bar.querySelector(`[data-${name}]`));
  const texts = { play: play.textContent, pause: bar.dataset.pause ?? "Pause" };
  const toggle = () => (video.paused ? video.play() : video.pause());
  const show = () => {
    play.textContent = video.paused ? texts.play : texts.pause;
    time.textContent = `${clock(video.currentTime)} / ${clock(video.duration)}`;
    if (video.duration) seek.value = Math.round((video.currentTime / video.duration) * 1000);
    sound.setAttribute("aria-pressed", String(!video.muted));
  };
  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => {
    if (video.duration) video.currentTime = (seek.value / 1000) * video.duration;
    else video.load();
  });
  sound.addEventListener("click", () => { video.muted = !video.muted; });
  for (const event of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "volumechange"]) {
    video.addEventListener(event, show);
  }
  video.addEventListener("timeupdate", () => document.dispatchEvent(new CustomEvent("assay:time", { detail: video.currentTime })));
  document.addEventListener("assay:seek", (event) => goTo(video, event.detail));
  onKeys({ p: toggle, m: () => sound.click() });
  video.controls = false;
  bar.hidden = false;
  show();
}

// Before anything of the video is there, it has to be fetched to show that moment.
function goTo(video, seconds) {
  if (video.readyState) {
    video.currentTime = seconds;
    return;
  }
  video.addEventListener("loadedmetadata", () => { video.currentTime = seconds; }, { once: true });
  video.preload = "auto";
  video.load();
}

function remember(choices) {
  const kept = localStorage.getItem(KEPT);
  for (const choice of choices) {
    if (choice.value === kept) choice.checked = true;
    choice.addEventListener("change", () => localStorage.setItem(KEPT, choice.value));
  }
}

const video = document.querySelector(".viewing video");
if (video) {
  control(video, document.querySelector(".player"));
  remember(document.querySelectorAll("input[name=how]"));
}
