// The client's types are those of the control plane's routes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApi } from "../../control-plane/api/app.ts";
import type { ApiPorts } from "../../control-plane/api/environment.ts";
import { clientTypes } from "../../scripts/client-types.ts";
import { namesIn, type OpenApi, routeTypes, schemaTypes } from "../../scripts/schema-types.ts";

const root = join(import.meta.dirname, "..", "..");

/** As served: no route is asked anything, so none needs a control plane behind it. */
async function servedDocument(): Promise<OpenApi> {
  const api = createApi({ plane: { spans: null }, wake: async () => {} } as unknown as ApiPorts);
  const request = new Request("http://control.test/openapi.json", { headers: { "x-request-id": "types" } });
  const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };
  const answer = await api.fetch(request, {}, context as unknown as Parameters<typeof api.fetch>[2]);
  return (await answer.json()) as OpenApi;
}

test("the client's types are up to date with the routes' schemas (npm run client-types)", async () => {
  const made = Object.entries(clientTypes(await servedDocument()));
  expect(made.map(([path]) => path)).toEqual(["client/schemas.ts", "client/routes.ts"]);
  for (const [path, text] of made) expect(text, path).toBe(readFileSync(join(root, path), "utf8"));
});

test("a schema is written as the type of what it describes", () => {
  const document: OpenApi = {
    components: {
      schemas: {
        Tree: {
          type: "object",
          properties: {
            "odd name": { type: ["integer", "null"] },
            kind: { type: "string", enum: ["leaf", "node"] },
            below: {
              type: "array",
              items: { anyOf: [{ $ref: "#/components/schemas/Tree" }, { type: "string" }] },
            },
            sizes: { type: "object", additionalProperties: { type: "number" }, description: "By place." },
          },
          required: ["kind"],
        },
      },
    },
    paths: {
      "/trees/{id}": {
        put: {
          parameters: [{ name: "site", in: "query", schema: { type: "string" } }],
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Tree" } } } },
          responses: { 204: {}, default: {} },
        },
      },
    },
  };
  const squeezed = (text: string): string => text.replace(/\s+/g, " ").trim();
  expect(squeezed(schemaTypes(document))).toBe(
    'export interface Tree { "odd name"?: number | null; kind: "leaf" | "node"; ' +
      "below?: readonly (Tree | string)[]; /** By place. */ sizes?: Readonly<Record<string, number>>; }",
  );
  const routes = routeTypes(document);
  expect(squeezed(routes)).toBe(
    'export interface Routes { "PUT /trees/{id}": { query: { site?: string; }; body: Tree; answers: { 204: null; }; }; }',
  );
  expect(namesIn(routes, document)).toEqual(["Tree"]);
});

test("the client has a method for every route, but for those that are no calls", () => {
  const folder = join(root, "client");
  const made = new Set(["routes.ts", "schemas.ts"]);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !made.has(name));
  const written = sources.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const routes =
    readFileSync(join(folder, "routes.ts"), "utf8").match(/"(?:GET|POST|PUT|DELETE) \/[^"]*"/g) ?? [];
  expect(routes.length).toBeGreaterThan(40);
  const missing = routes.filter((route) => !written.includes(route));
  // Streams go by their paths, and what Prometheus reads is for Prometheus.
  expect(missing).toEqual(['"GET /metrics"', '"GET /warmups/{id}/events"']);
});
