// The limit for large bodies: a blob is sent without being copied.

import { init, octets } from "./given.js";

const body = new Blob([octets]);

export default {
  fetch: () => new Response(body, init),
};
