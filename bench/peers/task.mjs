// task.js: async functions that start, wait once and end, a thousand alive at once. For node, bun, deno.
async function work() {
  await null;
}

async function run(batches) {
  for (let i = 0; i < batches; i++) {
    const all = [];
    for (let n = 0; n < 1000; n++) all.push(work());
    await all[999];
  }
}

await run(100);
const started = performance.now();
await run(2000);
console.log(JSON.stringify({ task_ns: ((performance.now() - started) * 1e6) / 2e6 }));
