// A shop of node:http, which is the backend of proxies too: node node.mjs PORT LOG
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

// What servers do besides.
const oddities = {
  '/hints': (request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
    setTimeout(() => response.end('hinted'), 5)
  },
  '/trailers': (request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('in ')
    response.write('pieces')
    response.addTrailers({ 'X-Sum': '9' })
    response.end()
  },
  '/heads': (request, response) => {
    for (let i = 0; i < 60; i++) response.setHeader(`X-Head-${i}`, 'x'.repeat(200))
    response.end('large')
  },
  '/none': (request, response) => response.writeHead(204).end(),
  // The bytes after the head of a 204 belong to nothing.
  '/surplus': (request, response) => {
    request.socket.write('HTTP/1.1 204 No Content\r\n\r\nsurplus')
    record(request, 204)
  },
  '/close': (request, response) => response.setHeader('Connection', 'close').end('closed'),
  // Closes without a word: Connection: close is missing.
  '/mute': (request, response) => response.end('closed', () => request.socket.end()),
  // Answers, and resets the connection at once.
  '/reset': (request, response) => response.end('reset', () => request.socket.resetAndDestroy()),
  // Answers before it has read the body, and closes.
  '/early': (request, response) => {
    response.writeHead(413, { Connection: 'close' }).end('too large')
  },
  // Answers before it has read the body, and keeps the connection.
  '/refused': (request, response) => response.writeHead(401).end('who are you'),
  '/slow': (request, response) => {
    response.writeHead(200, { 'Content-Length': 4 }).flushHeaders()
    setTimeout(() => response.write('sl'), 50)
    setTimeout(() => response.end('ow'), 150)
  },
  '/old': (request, response) => {
    request.socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end')
    record(request, 200)
  },
}

const [port, log] = process.argv.slice(2)
createServer(async (request, response) => {
  response.on('finish', () => record(request, response.statusCode))
  if (request.url === '/page') {
    response.setHeader('Content-Type', 'text/plain')
    response.end('page '.repeat(200))
  } else if (request.url === '/echo') {
    const parts = []
    for await (const part of request) parts.push(part)
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(JSON.parse(Buffer.concat(parts))))
  } else if (oddities[request.url]) {
    oddities[request.url](request, response)
  } else {
    response.statusCode = 404
    response.end()
  }
}).listen(port, '127.0.0.1')

function record (request, status) {
  appendFileSync(log, `${request.method} ${request.url} ${status}\n`)
}
