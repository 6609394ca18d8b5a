// A bare proxy: hands the request on, and says in Cache-Status that it did.

import { env } from "cloudflare:workers";

const { headers } = JSON.parse(env.ANSWER);
const [, status] = headers.find(([name]) => name.toLowerCase() === "cache-status");

export default {
  async fetch(request, { ORIGIN }) {
    const answer = await ORIGIN.fetch(request);
    const response = new Response(answer.body, answer);
    response.headers.set("cache-status", status);
    return response;
  },
};
