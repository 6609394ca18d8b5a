// One raw call to the mid-tier, the very one that the edge makes; what comes back is read, and not looked at.

import { env } from "cloudflare:workers";
import { init, octets } from "./given.js";

const call = {
  method: "POST",
  headers: { authorization: `Bearer ${env.TOKEN}`, "content-type": "application/json" },
  body: env.CALL,
};

export default {
  async fetch() {
    const reply = await fetch(`${env.GATEWAY}/pipeline`, call);
    await reply.text();
    return new Response(octets, init);
  },
};
