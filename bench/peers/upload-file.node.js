// upload-file.node.js PORT FILE: writes the body of each request to a file as it comes, and says how long it was.
const { createWriteStream } = require("fs");
const { createServer } = require("http");
const { pipeline } = require("stream");

createServer((request, response) => {
  const file = createWriteStream(process.argv[3]);
  pipeline(request, file, (error) => {
    if (error) throw error;
    response.end(String(file.bytesWritten));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
