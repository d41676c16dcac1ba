// Users who have come and wait: what does each of them cost in memory?
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  discardResponseBodies: true,
  scenarios: { waiting: { executor: 'constant-vus', vus: Number(__ENV.USERS), duration: '2h', gracefulStop: '0s' } },
};

export default function () {
  sleep(3600);
  http.get(`${__ENV.TARGET}/`);
}
