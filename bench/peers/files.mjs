// files.mjs FOLDER: 10,000 files of 1,000 bytes, made before, read at once; the best of five. For node and bun.
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

const count = 10000, folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (let i = 1; i <= count; i++) writeFileSync(`${folder}/${i}`, "x".repeat(1000));
let best = Infinity;
for (let round = 0; round < 5; round++) {
  const started = performance.now(), reads = [];
  for (let i = 1; i <= count; i++) reads.push(readFile(`${folder}/${i}`, "latin1"));
  for (const text of await Promise.all(reads)) if (text.length !== 1000) throw new Error("not whole");
  best = Math.min(best, performance.now() - started);
}
console.log(JSON.stringify({ total_ms: best }));
