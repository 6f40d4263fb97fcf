// download.node.js PORT: writes a megabyte in sixteen pieces, and waits while the client is slow.
const piece = Buffer.alloc(62500, 'x')

require('http').createServer((request, response) => {
  let left = 16
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': left * piece.length })
  const pour = () => {
    while (left-- > 0) if (!response.write(piece)) return response.once('drain', pour)
    response.end()
  }
  pour()
}).listen(Number(process.argv[2]), '127.0.0.1')
