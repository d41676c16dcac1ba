// A shop of Express: node express.cjs PORT LOG
const { appendFileSync } = require('node:fs')
const express = require('express')

const [port, log] = process.argv.slice(2)
const app = express()
app.use((request, response, next) => {
  response.on('finish', () => appendFileSync(log, `${request.method} ${request.path} ${response.statusCode}\n`))
  next()
})
app.use(express.json())
app.get('/page', (request, response) => response.type('text/plain').send('page '.repeat(200)))
app.post('/echo', (request, response) => response.json(request.body))
app.listen(port, '127.0.0.1')
