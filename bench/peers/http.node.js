// http.node.js PORT: "Hello, World!" with node:http. Idle connections are kept, as our server keeps them.
const server = require("node:http").createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 13 });
  response.end("Hello, World!");
});
server.keepAliveTimeout = 0;
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
