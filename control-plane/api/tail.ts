// `GET /tail`: requests as they happen, sampled, as server-sent events.

import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { parsePattern } from "../../shared/core/pattern.ts";
import { elapsed } from "../../shared/core/units.ts";
import {
  TAIL_LIMITS,
  TAIL_RESULTS,
  type TailResult,
  type TailWatch,
  tailLineSchema,
} from "../../shared/wire/request-tail.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type Followed, RequestFollower } from "../tail/follow-requests.ts";
import { pathFault } from "../tail/path-fault.ts";
import { mayGoOn, requireScope } from "./auth.ts";
import { requireSite } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { refuseUnknownSite } from "./figures-query.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const listed = (item: RegExp, message: string) =>
  z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine(
      (parts) => parts.length <= TAIL_LIMITS.values && parts.every((part) => item.test(part)),
      `must be ${message}, up to ${TAIL_LIMITS.values}, by commas`,
    )
    .optional()
    .openapi({ type: "string", description: `By commas: ${message}.` });

const oneOf = (names: Iterable<string>) => {
  const those = [...names];
  return listed(new RegExp(`^(?:${those.join("|")})$`), those.join(", "));
};

const querySchema = z.strictObject({
  result: oneOf(TAIL_RESULTS),
  class: oneOf(DEFAULT_CLASSES.keys()),
  site: listed(/^[A-Za-z0-9._-]{1,64}$/, "names of sites"),
  status: listed(/^[1-5](?:xx|\d\d)$/, "statuses such as 404 or 5xx"),
  path: z
    .string()
    .superRefine((text, context) => {
      const parsed = parsePattern(text);
      if (parsed.kind === "invalid") context.addIssue({ code: "custom", message: parsed.message });
    })
    .optional()
    .openapi({
      description: "A pattern, as policies' `key_pattern` is written; of a host only if it is served.",
      example: "/api/*",
    }),
  rate: z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .refine((rate) => rate >= 1 && rate <= TAIL_LIMITS.rate, `must be from 1 to ${TAIL_LIMITS.rate}`)
    .optional()
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: TAIL_LIMITS.rate,
      description: `Requests shown in a second at most; default ${LIMITS.tailRate}.`,
    }),
});

const requestSchema = tailLineSchema
  .extend({
    at: z.string().openapi({ description: "By the edge's own clock." }),
    edge: z.string(),
    region: z.string(),
  })
  .openapi("TailRequest");

const droppedSchema = z
  .object({
    reason: z.enum(["rate", "lost"]),
    edge: z.string(),
    requests: z.int().nullable().openapi({ description: "Null where nobody knows how many." }),
  })
  .openapi("DroppedRequests");

export function tailRoute(api: Api, { plane, wake }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/tail",
    summary:
      "Requests as they happen, sampled, as server-sent events: `request`, and `dropped` for what is not shown",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: querySchema },
    responses: {
      200: { description: "Events", content: { "text/event-stream": { schema: z.string() } } },
      default: problemAnswer,
    },
  });
  // The data of its events, for whoever reads the document.
  for (const [name, schema] of [
    ["TailRequest", requestSchema],
    ["DroppedRequests", droppedSchema],
  ] as const)
    api.openAPIRegistry.register(name, schema);
  api.openapi(route, async (context) => {
    const asked = context.req.valid("query");
    for (const site of asked.site ?? []) requireSite(context, site);
    for (const site of asked.site ?? []) await refuseUnknownSite(plane, site);
    // Whoever is bound to sites sees no other's requests.
    const { sites } = context.get("principal");
    const watch = watchOf(plane, { ...asked, site: asked.site ?? sites?.slice(0, TAIL_LIMITS.values) });
    await refuseIdlePath(plane, watch);
    const follower = new RequestFollower(plane, watch);
    const first = await follower.next();
    if (first.kind === "silent") throw unavailable("the watches did not answer");
    if (first.kind === "full")
      throw new Refusal("conflict", `${LIMITS.tailWatches} watch already, which is as many as may.`);
    // The edges are to know of it before the next beat.
    context.executionCtx.waitUntil(wake("now"));
    return streamOf(plane, { watch, follower, mayGoOn: () => mayGoOn(context, plane, "read") });
  });
}

async function refuseIdlePath(plane: ControlPlane, { filter }: TailWatch): Promise<void> {
  const { path, sites } = filter;
  if (path === null) return;
  const known = await readRouting(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  const message = pathFault(path, { routing: known.routing, sites });
  if (message === null) return;
  throw new Refusal("invalid-query", `path ${message}`, { faults: [{ pointer: "/path", message }] });
}

type Asked = z.infer<typeof querySchema>;

function watchOf({ random }: Pick<ControlPlane, "random">, asked: Asked): TailWatch {
  const { result, class: classes, site, status, path, rate } = asked;
  const filter = {
    results: (result as TailResult[] | undefined) ?? null,
    ...{ classes: classes ?? null, sites: site ?? null, statuses: status ?? null, path: path ?? null },
  };
  return { id: random.token().slice(0, 16), ratePerSecond: rate ?? LIMITS.tailRate, filter };
}

interface Streamed {
  readonly watch: TailWatch;
  readonly follower: RequestFollower;
  /** A token may be revoked meanwhile. */
  readonly mayGoOn: () => Promise<boolean>;
}

function streamOf(
  { requestTails, clock, timers }: Pick<ControlPlane, "requestTails" | "clock" | "timers">,
  { watch, follower, mayGoOn }: Streamed,
): Response {
  const begun = clock.now();
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await timers.sleep(LIMITS.tailPoll);
      controller.enqueue(encoder.encode(textOf(await follower.next())));
      if (elapsed(begun, clock.now()) < LIMITS.tailFor && (await mayGoOn())) return;
      controller.close();
      await requestTails.leave(watch.id);
    },
    cancel: () => requestTails.leave(watch.id),
  });
  return new Response(stream, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

/** Without news, or a moment without Redis, a comment keeps the connection open. */
function textOf(followed: Followed): string {
  if (followed.kind !== "news") return ":\n\n";
  const { requests, dropped } = followed;
  const events = [
    ...requests.map((request) => eventOf("request", request)),
    ...dropped.map((each) => eventOf("dropped", each)),
  ];
  return events.length === 0 ? ":\n\n" : events.join("");
}

const eventOf = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
