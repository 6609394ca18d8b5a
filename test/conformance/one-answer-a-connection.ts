// Preloaded into the suite's origin: every connection ends with its answer, so that no test disturbs another.

import { subscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";

// Two tests send more octets than their Content-Length says. The runtime takes the rest for the beginning of
// the next answer on that connection, and an arbitrary other test would fail of it.
subscribe("http.server.request.start", (message) => {
  (message as { response: ServerResponse }).response.shouldKeepAlive = false;
});
