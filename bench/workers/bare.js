// The limit: a worker that does nothing but answer what the edge answers, all of it made beforehand.

import { init, octets } from "./given.js";

export default {
  fetch: () => new Response(octets, init),
};
