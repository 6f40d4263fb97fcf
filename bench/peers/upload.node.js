// upload.node.js PORT: reads the body of each request as it comes, and says how long it was.
require('http').createServer((request, response) => {
  let bytes = 0
  request.on('data', (chunk) => { bytes += chunk.length })
  request.on('end', () => {
    const text = String(bytes)
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length })
    response.end(text)
  })
}).listen(Number(process.argv[2]), '127.0.0.1')
