// An origin that answers with versioned content, and a caller of the control plane that purges it: what a checker needs around it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OutsideChecker, PurgeAnswer } from "./checker.ts";
import type { Mode } from "./judge.ts";
import type { Named } from "./matching.ts";
import type { VersionedContent } from "./versioned-content.ts";

export interface ContentOrigin {
  readonly server: Server;
  readonly url: string;
  close(): Promise<void>;
}

/** Answers one request with what the content is at this instant. */
function answerWith(content: VersionedContent, request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = content.answer(request.url ?? "/", request.headers["if-none-match"]);
  const length = status === 304 ? {} : { "content-length": body.length };
  response.writeHead(status, { "content-type": "text/plain", ...length, ...headers }).end(body);
}

/** Answers with what there is of a checker's paths, and takes what is written there. */
function answerFor(checker: OutsideChecker, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? "/";
  if (request.method !== "PUT") {
    const value = checker.valueAt(path);
    if (value === undefined) answerWith(checker.content, request, response);
    else response.writeHead(value === null ? 404 : 200, { "cache-control": "no-store" }).end(value);
    return;
  }
  let body = "";
  request.setEncoding("latin1").on("data", (piece: string) => {
    body += piece;
  });
  request.on("end", () => {
    checker.take(path, body);
    response.writeHead(204).end();
  });
}

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

export const startContentOrigin = (content: VersionedContent): Promise<ContentOrigin> =>
  listen((request, response) => answerWith(content, request, response));

export const startCheckedOrigin = (checker: OutsideChecker): Promise<ContentOrigin> =>
  listen((request, response) => answerFor(checker, request, response));

async function listen(answer: Answering): Promise<ContentOrigin> {
  const server = createServer(answer);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(0, "127.0.0.1", resolve);
  await promise;
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `POST /invalidate`; the site is the token's own where it is left out. */
export function invalidateAt(plane: {
  readonly control: string;
  readonly token: string;
  readonly site?: string;
}): (named: Named, mode: Mode) => Promise<PurgeAnswer> {
  const { control, token, site } = plane;
  return async (named, mode) => {
    const answer = await fetch(`${control}/invalidate`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ ...named, mode, ...(site !== undefined && { site }) }),
    });
    const { position = null } = (await answer.json()) as { position?: string | null };
    return { status: answer.status, position };
  };
}
