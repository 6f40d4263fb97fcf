// judge.js -- what Node's own HTTP server makes of requests: the lines that t/c/http_judge.c prints, in its order.
//
// Each request is a connection in memory of its own. It is complete when the handler has all of its body; nothing said
// when all bytes are given is "more".
const http = require('http')
const { Duplex } = require('stream')

const input = require('fs').readFileSync(0)
const requests = []
for (let at = 0; at < input.length;) {
  const line = input.indexOf('\n', at)
  const length = Number(input.toString('latin1', at, line))
  requests.push(input.subarray(line + 1, line + 1 + length))
  at = line + 1 + length
}

const hex = (text) => Buffer.from(text, 'latin1').toString('hex')

function accepted (request, body) {
  let fields = ''
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    fields += hex(request.rawHeaders[i].toLowerCase()) + '=' + hex(request.rawHeaders[i + 1]) + ';'
  }
  return `accept ${hex(request.method)} ${hex(request.url)} ${fields} ${Buffer.concat(body).toString('hex')}`
}

// One request; the verdict is the first that comes.
function judge (bytes) {
  return new Promise((resolve) => {
    const server = http.createServer({ keepAliveTimeout: 0 })
    const socket = new Duplex({ read () {}, write (chunk, encoding, done) {
      const status = /^HTTP\/1\.1 ([45]\d\d)/.exec(chunk)
      if (status) end('refuse ' + status[1])
      done()
    } })
    const end = (verdict) => { resolve(verdict); socket.destroy() }
    const take = (request) => {
      const body = []
      request.on('data', (chunk) => body.push(chunk))
      request.on('end', () => end(accepted(request, body)))
      request.on('error', () => {})
    }
    server.on('request', take)
    server.on('checkContinue', take)
    server.on('checkExpectation', () => end('refuse 417'))
    server.on('connect', (request) => end(accepted(request, [])))
    server.on('upgrade', (request) => end(accepted(request, [])))
    server.on('clientError', () => end('refuse 400'))
    server.emit('connection', socket)
    socket.on('error', () => {})
    socket.push(bytes)
    setImmediate(() => setImmediate(() => setImmediate(() => setImmediate(() => end('more')))))
  })
}

async function main () {
  const lines = []
  for (const bytes of requests) lines.push(await judge(bytes))
  process.stdout.write(lines.join('\n') + '\n')
}

main()
