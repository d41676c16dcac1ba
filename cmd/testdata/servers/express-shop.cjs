// A shop of Express with sessions and uploads: node express-shop.cjs PORT LOG
const { createHash } = require('node:crypto')
const { createWriteStream } = require('node:fs')
const express = require('express')
const session = require('express-session')
const multer = require('multer')

const [port, log] = process.argv.slice(2)
const access = createWriteStream(log, { flags: 'a' })
process.on('SIGTERM', () => access.end(() => process.exit()))

const pictures = {} // how often each came, by its SHA-256
const orders = []
const upload = multer({ limits: { files: 1, fileSize: 1 << 20 } })
const app = express()

app.use((request, response, next) => {
  response.on('finish', () => access.write(`${request.method} ${request.path} ${response.statusCode}\n`))
  next()
})
app.get('/ledger', (request, response) => response.json({ orders }))
app.get('/pictures', (request, response) => response.json(pictures))

app.use(session({ secret: 'of a test', resave: false, saveUninitialized: false }))
app.use(express.urlencoded({ extended: false }))
app.get('/login', (request, response) => response.send('<form method="post"><input name="user"><input name="password" type="password"></form>'))
app.post('/login', (request, response, next) => {
  if (request.body.password !== 'secret') return response.status(401).send('Wrong password')
  request.session.regenerate((error) => { // another session than that of a guest
    if (error) return next(error)
    Object.assign(request.session, { user: request.body.user, cart: [] })
    response.redirect('/account')
  })
})

app.use((request, response, next) => request.session.user ? next() : response.status(401).send('Sign in first'))
app.get('/account', (request, response) => response.send(`<h1>Welcome, ${request.session.user}</h1>`))
app.post('/cart', (request, response) => {
  const { sku, quantity } = request.body
  if (!sku || !(quantity > 0)) return response.status(400).json({ error: 'no item' })
  request.session.cart.push({ sku, quantity: Number(quantity) })
  response.json({ user: request.session.user, items: request.session.cart.length })
})
app.post('/picture', upload.single('picture'), (request, response) => {
  const digest = createHash('sha256').update(request.file.buffer).digest('hex')
  pictures[digest] = (pictures[digest] ?? 0) + 1
  request.session.picture = digest
  response.status(201).json({ title: request.body.title, type: request.file.mimetype, bytes: request.file.size })
})
app.post('/orders', (request, response) => {
  const { user, cart, picture } = request.session
  if (cart.length !== 1 || !picture) return response.status(409).json({ error: 'the cart is empty, or the picture missing' })
  request.session.cart = []
  orders.push({ order_id: orders.length + 1, user, ...cart[0] })
  response.status(201).json({ order_id: orders.length })
})
// Node ends a connection that was idle for 5 s, and a POST that meets this fails.
app.listen(port, '127.0.0.1').keepAliveTimeout = 60_000
