// Takes files one after the other, shows how far each upload is, and puts the server's answers on the page. Without this
// script the form works as well, with one file.
import { wireFinding } from "./finding.js";

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

file.multiple = true;
document.getElementById("reads-here")?.removeAttribute("hidden");
for (const finding of answer.querySelectorAll(".finding")) wireFinding(finding);

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

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = [...file.files].slice(0, Number(words.mostFiles));
  answer.replaceChildren();
  if (file.files.length > chosen.length) say(place(), words.many);
  if (!chosen.length && !url?.value) {
    ended(say(place(), words.nothing));
    return;
  }
  go.disabled = true;
  let first = null;
  for (const one of chosen.length ? chosen : [null]) {
    const at = place(chosen.length > 1 ? one.name : "");
    first ??= at;
    if (one && one.size > Number(words.most)) say(at, words.large);
    else await (one && words.reader ? readFirst(one, at) : ask(one, at));
    working.hidden = true;
    if (first === at) ended(at);
  }
  go.disabled = false;
});

function use(address) {
  file.value = "";
  url.value = address;
}

function hover(event, over) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.toggle("over", over);
}

// Where the answer about one file goes; with a name, where there are several.
function place(name = "") {
  const section = document.createElement("section");
  if (name) {
    section.className = "one-of-many";
    section.append(Object.assign(document.createElement("h2"), { className: "file-name", textContent: name }));
  }
  answer.append(section);
  return section;
}

// The credentials are read here; only for the watermark is the file sent, when that is asked for.
async function readFirst(one, at) {
  const { readHere, reading } = await import("./credentials.js");
  working.hidden = false;
  show(words.looking, null);
  const read = await readHere(one, words.reader).catch((error) => ({ error: String(error) }));
  const card = reading(read, one, words.yours, async () => {
    go.disabled = true;
    await ask(one, at);
    card.remove();
    working.hidden = true;
    ended(at);
    go.disabled = false;
  });
  at.append(card);
}

function ask(one, at) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const finish = (then) => {
      then();
      done();
    };
    request.open("POST", `/verify?part=answer&lang=${words.lang}`);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => show(words.sending, event.loaded / event.total);
    request.upload.onload = () => show(words.looking, null);
    request.onload = () => finish(() => (request.status === 200 ? put(at, request.responseText, one) : say(at, refusal(request))));
    request.onerror = () => finish(() => say(at, words.lost));
    working.hidden = false;
    show(words.sending, 0);
    request.send(content(one));
  });
}

function content(one) {
  const body = new FormData();
  if (one) body.append("file", one);
  else body.append("url", url.value);
  return body;
}

function show(words, share) {
  doing.textContent = words;
  if (share === null) progress.removeAttribute("value");
  else progress.value = share;
}

// The first answer is read out and scrolled to; those that follow come below it without taking the focus.
function ended(at) {
  answer.focus();
  at.scrollIntoView({ block: "start" });
}

function put(at, html, one) {
  at.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  wireFinding(at.querySelector(".finding"), one, words.yours);
}

function say(at, text) {
  const notice = document.createElement("p");
  notice.className = "notice warn";
  notice.setAttribute("role", "alert");
  notice.textContent = text;
  at.append(notice);
  return at;
}

function refusal(request) {
  try {
    return JSON.parse(request.responseText).error.message;
  } catch {
    return words.broke;
  }
}
