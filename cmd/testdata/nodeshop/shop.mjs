// A shop of another make, for TestNodeShop: it counts what it answered, and what became of each user as it saw them.
// GET /log tells. What a user meets depends on the last digit of the number:
//
//	1  the login gives no token           4  orders are throttled (429)
//	2  the login gives null               5  the voucher has no code
//	3  orders are answered without number  else all goes well while stock lasts
import { createServer } from "node:http";

const stock = Number(process.argv[2]);
const pollsUntilConfirmed = 2;

const orders = new Map(); // by idempotency key
const told = new Set(); // keys whose buyers know the number
const polls = new Map(); // by order number
const log = { answers: {}, noToken: 0, nullToken: 0, noCode: 0, noNumber: 0, throttled: 0, refused: 0, placed: 0, repeated: 0, confirmed: 0, browsed: 0 };

function login(user) {
  if (user % 10 === 1) return log.noToken++, [200, { hello: user }];
  if (user % 10 === 2) return log.nullToken++, [200, { token: null }];
  return [200, { token: `secret-of-${user}` }];
}

function voucher(user) {
  if (user % 10 === 5) return log.noCode++, [200, { sorry: "none left" }];
  return [200, { code: `code-${user}` }];
}

function order(user, key) {
  if (user % 10 === 4) return log.throttled++, [429, { error: "slow down" }];
  const before = orders.get(key);
  if (before) {
    if (told.has(key)) log.repeated++; // else the first answer had no number
    told.add(key);
    return [200, { order_id: before.order_id }];
  }
  if (orders.size >= stock) return log.refused++, [409, { error: "sold out" }];
  const placed = { order_id: 1000 + orders.size, user: String(user), sku: "sku-1", quantity: 1 };
  orders.set(key, placed);
  log.placed++;
  if (user % 10 === 3) return log.noNumber++, [201, { order_id: "" }];
  told.add(key);
  return [201, { order_id: placed.order_id }];
}

function status(number) {
  const seen = (polls.get(number) ?? 0) + 1;
  polls.set(number, seen);
  if (seen < pollsUntilConfirmed) return [200, { state: "pending" }];
  if (seen === pollsUntilConfirmed) log.confirmed++;
  return [200, { state: "confirmed" }];
}

function answer(request, body) {
  const [, room, id] = request.url.split("/");
  switch (`${request.method} ${room}`) {
    case "GET items":
      log.browsed++;
      return [200, { sku: "sku-1" }];
    case "POST login":
      return login(body.user);
    case "POST vouchers":
      return voucher(body.user);
    case "POST orders":
      if (request.headers.authorization !== `Bearer secret-of-${body.user}`) return [401, { error: "who are you?" }];
      return order(body.user, request.headers["idempotency-key"]);
    case "GET orders":
      return status(id);
  }
  return [404, { error: "no such page" }];
}

createServer((request, response) => {
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    const send = (code, value) => {
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (request.url === "/ledger") return send(200, { stock: { "sku-1": stock }, orders: [...orders.values()] });
    if (request.url === "/log") return send(200, log);
    const [code, value] = answer(request, text ? JSON.parse(text) : {});
    const name = `${request.method} /${request.url.split("/")[1]}`;
    log.answers[name] ??= {};
    log.answers[name][code] = (log.answers[name][code] ?? 0) + 1;
    send(code, value);
  });
}).listen(0, "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
