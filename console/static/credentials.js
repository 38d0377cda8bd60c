// Reads a file's credentials in this browser and shows what they say; the file is sent only when that is asked for.
import { wireFinding } from "./finding.js";

const AI = /(trainedAlgorithmicMedia|algorithmicMedia)$/;
const PARTS = /(compositeWithTrainedAlgorithmicMedia|compositeSynthetic|algorithmicallyEnhanced)$/;
const CAMERA = /(digitalCapture|computationalCapture)$/;

export async function readHere(file, address) {
  const settings = await (await fetch(address, { headers: { Accept: "application/json" } })).json();
  const worker = new Worker("/static/credentials_worker.js", { type: "module" });
  try {
    return await new Promise((done, failed) => {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = failed;
      worker.postMessage({ file, format: file.type || file.name.split(".").pop(), settings });
    });
  } finally {
    worker.terminate();
  }
}

// The card about one file. `send` is called when the watermark is asked for.
export function reading(read, file, yours, send) {
  const template = document.getElementById("reading");
  const words = template.dataset;
  const card = template.content.cloneNode(true).firstElementChild;
  const { kind, says, signer, generator } = judged(read);
  card.classList.add(["trusted", "valid", "parts"].includes(kind) ? "ai" : kind === "invalid" ? "warn" : "open");
  card.querySelector("[data-headline]").textContent = words[kind];
  card.querySelector(".summary").textContent = words[`says${says[0].toUpperCase()}${says.slice(1)}`];
  card.querySelector("[data-signer]").textContent = signer;
  card.querySelector("[data-generator]").textContent = generator;
  card.querySelector("dl").hidden = !signer;
  card.querySelector("[data-send]").addEventListener("click", send, { once: true });
  wireFinding(card, file, yours);
  return card;
}

function judged({ store, error }) {
  const nothing = { signer: "", generator: "" };
  if (!store) return /JumbfNotFound|ProvenanceMissing/.test(error) ? { kind: "none", says: "none", ...nothing } : { kind: "unreadable", says: "unreadable", ...nothing };
  const state = store.validation_state;
  if (state !== "Trusted" && state !== "Valid") return { kind: "invalid", says: "invalid", ...nothing };
  const active = store.manifests[store.active_manifest];
  const about = { signer: active.signature_info?.common_name || active.signature_info?.issuer || "", generator: made(active) };
  return { kind: kindOf(active, Object.values(store.manifests), state), says: state.toLowerCase(), ...about };
}

function kindOf(active, all, state) {
  const own = sources(active);
  if (own.some((type) => AI.test(type) && !PARTS.test(type))) return state.toLowerCase();
  if (own.some((type) => PARTS.test(type)) || all.flatMap(sources).some((type) => AI.test(type))) return "parts";
  return own.some((type) => CAMERA.test(type)) ? "camera" : "silent";
}

function sources(manifest) {
  const actions = (manifest.assertions || []).filter(({ label }) => label.startsWith("c2pa.actions"));
  return actions.flatMap(({ data }) => data?.actions || []).map((action) => action.digitalSourceType || "").filter(Boolean);
}

function made(manifest) {
  return (manifest.claim_generator_info || []).map(({ name, version }) => [name, version].filter(Boolean).join(" ")).join(", ");
}
