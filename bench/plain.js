// One small GET: as fast as the users can, or with RATE at that many a second.
import http from 'k6/http';

const users = Number(__ENV.CONNECTIONS);
const rate = Number(__ENV.RATE);
const load = rate > 0
  ? { executor: 'constant-arrival-rate', rate, timeUnit: '1s', preAllocatedVUs: users, maxVUs: users }
  : { executor: 'constant-vus', vus: users };

export const options = {
  discardResponseBodies: true,
  insecureSkipTLSVerify: true,
  scenarios: { plain: { ...load, duration: __ENV.LENGTH, gracefulStop: '1s' } },
};

export default function () {
  http.get(`${__ENV.TARGET}/`);
}
