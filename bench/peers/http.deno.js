// http.deno.js PORT: "Hello, World!" with Deno.serve.
const headers = { "Content-Type": "text/plain" };
Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} },
  () => new Response("Hello, World!", { headers }),
);
