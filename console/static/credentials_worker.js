// Runs C2PA's reader beside the page. One message with a file and the settings in, one with what was read out.
import init, { WasmReader } from "./reader/c2pa.js";

const ready = init({ module_or_path: new URL("./reader/c2pa_bg.wasm", import.meta.url) });

self.onmessage = async ({ data: { file, format, settings } }) => {
  try {
    await ready;
    const reader = await WasmReader.fromBlob(format, file, JSON.stringify(settings));
    self.postMessage({ store: JSON.parse(reader.json()) });
    reader.free();
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
