// http.bun.js PORT: "Hello, World!" with Bun.serve.
const headers = { "Content-Type": "text/plain" };
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  idleTimeout: 0,
  fetch: () => new Response("Hello, World!", { headers }),
});
