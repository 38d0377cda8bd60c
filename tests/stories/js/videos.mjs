// Every call of the Videos API by the JavaScript client: node videos.mjs BASE_URL TOKEN FINISHED_VIDEO_ID FILE.mp4
// Prints one JSON object: for each call what came back, or the status and code of the error.
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const [baseURL, apiKey, finished, file] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const told = {};

async function call(name, ask) {
  try {
    told[name] = await ask();
  } catch (error) {
    told[name] = { failed: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
  return told[name];
}

async function content(variant) {
  const answer = await client.videos.downloadContent(finished, { variant });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { type: answer.headers.get("content-type"), bytes: bytes.length, head: bytes.subarray(0, 12).toString("latin1") };
}

const upload = () => toFile(fs.createReadStream(file), 'kép 图片 "q".mp4', { type: "video/mp4" });
const made = await call("create", () => client.videos.create({ prompt: "a fox in snow", seconds: "4", size: "1280x720" }));
await call("content too early", () => client.videos.downloadContent(made.id));
await call("retrieve", () => client.videos.retrieve(finished));
await call("list", async () => {
  const ids = [];
  for await (const video of client.videos.list({ limit: 2 })) ids.push(video.id);
  return ids;
});
for (const variant of ["video", "thumbnail", "spritesheet"]) await call(variant, () => content(variant));
await call("remix", () => client.videos.remix(finished, { prompt: "the rabbit in snow" }));
await call("edit", () => client.videos.edit({ prompt: "the rabbit in snow", video: { id: finished } }));
await call("edit a file", async () => client.videos.edit({ prompt: "the rabbit in snow", video: await upload() }));
await call("extend", () => client.videos.extend({ prompt: "on it goes", seconds: "4", video: { id: finished } }));
await call("extend nothing", () => client.videos.extend({ prompt: "on it goes", seconds: "4", video: { id: "ffffffffffffffff" } }));
await call("character", async () => client.videos.createCharacter({ name: "ann", video: await upload() }));
await call("no character", () => client.videos.getCharacter("ann"));
await call("models", async () => (await client.models.list()).data.map((model) => model.id));
await call("list after nothing", () => client.videos.list({ after: "video_none" }));
await call("delete", () => client.videos.delete(made.id));
console.log(JSON.stringify(told));
