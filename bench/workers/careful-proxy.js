// A proxy that does what any has to: a deadline, Via, and the fields of one connection go no further (RFC 9110 §7.6).

import { env } from "cloudflare:workers";
import { hopByHopNamesBy } from "../../shared/core/headers.ts";

const { headers } = JSON.parse(env.ANSWER);
const [, status] = headers.find(([name]) => name.toLowerCase() === "cache-status");
const DEADLINE = 30_000;

function withoutHop(fields) {
  for (const name of hopByHopNamesBy(fields.get("connection"))) fields.delete(name);
  return fields;
}

export default {
  async fetch(request, { ORIGIN }) {
    const fields = withoutHop(new Headers(request.headers));
    fields.set("via", "1.1 bench");
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), DEADLINE);
    const { method, body, url } = request;
    const { signal } = controller;
    const told = { method, headers: fields, body, signal, redirect: "manual", encodeResponseBody: "manual" };
    try {
      const answer = await ORIGIN.fetch(url, told);
      const response = new Response(answer.body, answer);
      withoutHop(response.headers).set("cache-status", status);
      return response;
    } finally {
      clearTimeout(timer);
    }
  },
};
