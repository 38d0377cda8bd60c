// Shows how far the upload is, and puts the server's answer on the page. Without this script the form works as well.
const form = document.getElementById("verify");
const words = form.dataset;
const file = document.getElementById("file");
const url = document.getElementById("url");
const drop = document.getElementById("drop");
const go = document.getElementById("go");
const working = document.getElementById("working");
const doing = document.getElementById("doing");
const progress = document.getElementById("progress");
const answer = document.getElementById("answer");

// Anywhere on the page: a file that misses the box would replace the page otherwise.
for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => hover(event, true));
for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, (event) => hover(event, false));
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  file.files = event.dataTransfer.files;
  form.requestSubmit();
});

document.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain").trim();
  if (event.clipboardData.files.length) file.files = event.clipboardData.files;
  else if (url && /^https?:\/\/\S+$/.test(text) && !event.target.closest?.("input, textarea")) use(text);
  else return;
  form.requestSubmit();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = file.files[0];
  if (!chosen && !url?.value) say(words.nothing);
  else if (chosen && chosen.size > Number(words.most)) say(words.large);
  else send();
});

function use(address) {
  file.value = "";
  url.value = address;
}

function send() {
  const request = new XMLHttpRequest();
  request.open("POST", `/verify?part=answer&lang=${words.lang}`);
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = (event) => show(words.sending, event.loaded / event.total);
  request.upload.onload = () => show(words.looking, null);
  request.onload = () => done(() => (request.status === 200 ? put(request.responseText) : say(refusal(request))));
  request.onerror = () => done(() => say(words.lost));
  answer.replaceChildren();
  go.disabled = true;
  working.hidden = false;
  show(words.sending, 0);
  request.send(new FormData(form));
}

function hover(event, over) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.toggle("over", over);
}

function show(words, share) {
  doing.textContent = words;
  if (share === null) progress.removeAttribute("value");
  else progress.value = share;
}

function done(then) {
  go.disabled = false;
  working.hidden = true;
  then();
  answer.focus();
  answer.scrollIntoView({ block: "start" });
}

function put(html) {
  answer.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
}

function say(words) {
  const notice = document.createElement("p");
  notice.className = "notice warn";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  answer.replaceChildren(notice);
}

function refusal(request) {
  try {
    return JSON.parse(request.responseText).error.message;
  } catch {
    return words.broke;
  }
}
