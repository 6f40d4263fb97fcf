// timers.js: a million timers of 0 to 100 ms, made and all fired. For node, bun and deno.
const count = 1000000;
let left = count;
let created = 0;
const started = performance.now();

function fired() {
  if (--left > 0) return;
  const total = performance.now() - started;
  console.log(JSON.stringify({ create_ms: created - started, total_ms: total }));
}

for (let i = 0; i < count; i++) setTimeout(fired, (i * 7919) % 101);
created = performance.now();
