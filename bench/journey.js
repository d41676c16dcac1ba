// Users who go through three steps again and again, as fsctl's do in journey.yaml.
import http from 'k6/http';

export const options = { vus: Number(__ENV.CONNECTIONS), duration: __ENV.LENGTH };

const target = __ENV.TARGET;
const json = { headers: { 'Content-Type': 'application/json' } };

export default function () {
  const token = http.get(`${target}/item`).json('token');
  const order = http.post(`${target}/order`, JSON.stringify({ token }), json).json('order_id');
  http.get(`${target}/order/${order}`, { tags: { name: 'status' } }); // one name, not one for each order
}
