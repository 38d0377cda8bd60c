// Films the take with the browser's own recorder and puts it where a chosen file would be. Without this script, or
// where there is no camera, a file is chosen.
const form = document.getElementById("take-form");
const file = document.getElementById("take");
const mirror = document.getElementById("mirror");
const begin = document.getElementById("begin");
const stop = document.getElementById("stop");
const state = document.getElementById("state");

if (form && navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
  document.getElementById("film").hidden = false;
  begin.addEventListener("click", film);
}
form?.addEventListener("submit", () => {
  document.getElementById("send").disabled = true;
  state.textContent = form.dataset.sending;
});

async function film() {
  let camera;
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, facingMode: "user" }, audio: true });
  } catch {
    state.textContent = form.dataset.refused;
    return;
  }
  mirror.srcObject = camera;
  await mirror.play();
  const recorder = new MediaRecorder(camera, { videoBitsPerSecond: 2_500_000 });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.onstop = () => done(camera, new Blob(pieces, { type: recorder.mimeType }));
  stop.onclick = () => recorder.state === "recording" && recorder.stop();
  recorder.start();
  setTimeout(stop.onclick, 1000 * Number(form.dataset.seconds));
  show(true);
  stop.focus();
}

function done(camera, film) {
  for (const track of camera.getTracks()) track.stop();
  const chosen = new DataTransfer();
  chosen.items.add(new File([film], film.type.startsWith("video/mp4") ? "take.mp4" : "take.webm", { type: film.type }));
  file.files = chosen.files;
  show(false);
  document.getElementById("send").focus();
}

function show(filming) {
  mirror.hidden = stop.hidden = !filming;
  begin.hidden = filming;
  state.textContent = filming ? form.dataset.filming : form.dataset.filmed;
}
