// The answer that a worker is told to give: what the edge answers.

import { env } from "cloudflare:workers";

const { status, headers, size } = JSON.parse(env.ANSWER);
export const octets = new Uint8Array(size).fill(97);
export const init = { status, headers: new Headers(headers) };
