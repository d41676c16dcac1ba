// Buyers who sign in by a form and order with the cookie that they get, as fsctl's do in shop.yaml.
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';

const target = __ENV.TARGET;
const users = Number(__ENV.CONNECTIONS);

export const options = {
  scenarios: {
    buyer: {
      executor: 'constant-arrival-rate', rate: Number(__ENV.RATE), timeUnit: '1s', duration: __ENV.LENGTH, gracefulStop: '1s',
      preAllocatedVUs: users, maxVUs: users,
    },
  },
  thresholds: { http_req_failed: ['rate==0'], checks: ['rate==1'] },
};

export default function () {
  const name = `user-${exec.scenario.iterationInTest + 1}`;
  const login = http.post(`${target}/login`, { user: name, password: 'secret' });
  check(login, { 'status 200': (r) => r.status === 200 });
  const cart = http.post(`${target}/cart`, { sku: 'lamp', quantity: '1' });
  check(cart, { 'status 200': (r) => r.status === 200, 'one item': (r) => r.json('items') === 1 });
  const order = http.post(`${target}/orders`);
  check(order, { 'status 201': (r) => r.status === 201, 'order_id': (r) => Boolean(r.json('order_id')) });
}
