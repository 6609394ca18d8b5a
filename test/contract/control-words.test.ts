// How the control plane says what is wrong with a field: by its place, in plain words of its own, whatever the field was given.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { SITES, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

let rest: RestFixture;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest, { SITES, EDGES: [], PUSH: "off" });
});

afterAll(() => rest.stop());

type Row = readonly [path: string, body: unknown, pointer: string, message: string];

const FAULTS: readonly Row[] = [
  ["/invalidate", [], "", "must be an object"],
  ["/invalidate", { tags: ["a"], mode: "gentle" }, "/mode", "must be one of soft, hard"],
  ["/invalidate", { tags: "a" }, "/tags", "must be a list"],
  ["/invalidate", { tags: [1] }, "/tags/0", "must be a text"],
  ["/invalidate", { tags: ["a"], site: ["a"] }, "/site", "must be one text, not several"],
  ["/invalidate", { tags: ["a"], dryRun: "yes" }, "/dryRun", "must be true or false"],
  [
    "/invalidate",
    { tags: ["a"], wait: true, timeoutMs: 60_001 },
    "/timeoutMs",
    "must be from 0 to 60000 milliseconds",
  ],
  ["/invalidate", { tags: ["a"], wait: true, timeoutMs: 1.5 }, "/timeoutMs", "must be a whole number"],
  [
    "/invalidate",
    { tags: ["a"], reason: "x".repeat(501) },
    "/reason",
    "must not be longer than 500 characters",
  ],
  ["/warmup", { urls: [] }, "/urls", "must not be empty"],
  ["/warmup", { hot: {} }, "/hot/top", "must be given"],
  ["/warmup", { hot: { top: 0 } }, "/hot/top", "must be at least 1"],
  ["/warmup", { hot: { top: 1e6 } }, "/hot/top", "must be at most 1000"],
  ["/warmup", { urls: ["/"], ratePerSecond: 0 }, "/ratePerSecond", "must be more than 0"],
  ["/warmup", { urls: ["/"], edges: [] }, "/edges", "must not be empty"],
  ["/warmup", { urls: ["/"], edges: [7] }, "/edges/0", "must be a text"],
  [
    "/warmup",
    { urls: ["/"], variants: [{ headers: { "a b": "x" } }] },
    "/variants/0/headers/a b",
    "its name must be a header name",
  ],
  ["/deployments", { version: "" }, "/version", "must not be empty"],
  ["/policies", { key_pattern: "/a", class: "hot", priority: 1e7 }, "/priority", "must be at most 1000000"],
  [
    "/policies",
    { key_pattern: "/a", class: "hot", tags: Array(65).fill("a") },
    "/tags",
    "must not hold more than 64 items",
  ],
];

describe("a fault is told in plain words", () => {
  test.each(FAULTS)("%s %j: %s %s", async (path, body, pointer, message) => {
    const { status, json } = await plane.call(path, body);
    expect([status, json.errors]).toEqual([422, [{ pointer, message }]]);
  });
});

describe("of what may have several forms, what is told is the fault of the one that was meant", () => {
  const keyed = (query: unknown) => ({ key_pattern: "/a", class: "hot", key: { query } });
  const ANY = "must be all, none, or an object with include, exclude or sort";

  test.each<[query: unknown, pointer: string, message: string]>([
    [{ include: [""] }, "/include/0", "must not be empty"],
    [{ include: "q" }, "/include", "must be a list"],
    [{ exclude: ["a"], sort: "yes" }, "/sort", "must be true or false"],
    [{ sort: 1 }, "/sort", "must be true or false"],
    ["some", "", ANY],
    [7, "", ANY],
    [{}, "", ANY],
  ])("%j", async (query, below, message) => {
    const { status, json } = await plane.call("/policies", keyed(query));
    expect([status, json.errors]).toEqual([422, [{ pointer: `/key/query${below}`, message }]]);
  });
});

/** The library's own. */
const FOREIGN = /\b(?:expected|received|invalid|unrecognized|too (?:big|small))\b/i;

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const GIVEN = [null, true, "", -1, 1.5, 1e308, "\u0000", "x".repeat(9000), [], {}, [null], [""], { a: 1 }];
const ASKED = ["", "x", "-1", "0", "1.5", "9y", "\u0000", "x".repeat(3000), "99999999999999999999"];

test("no field of a body and no parameter of a query gets a 5xx, or words that are not our own", async () => {
  const { json } = await plane.ask("/openapi.json");
  const schemas: Readonly<Record<string, Schema>> = json.components.schemas;
  const fieldsOf = (schema: Schema = {}): readonly string[] =>
    Object.keys(
      (schema.$ref === undefined ? schema : schemas[schema.$ref.split("/").at(-1) ?? ""])?.properties ?? {},
    );
  const wrong: string[] = [];
  let asked = 0;
  const judge = async (method: string, path: string, body?: unknown): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}`, "if-match": '"1-1"' };
    const { status, text } = await plane.ask(path, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    asked += 1;
    const errors: { message: string }[] = status < 400 ? [] : (JSON.parse(text).errors ?? []);
    const isNamed = ![400, 422].includes(status) || errors.length > 0;
    if (status >= 500 || !isNamed || errors.some(({ message }) => FOREIGN.test(message)))
      wrong.push(
        `${method} ${path.slice(0, 60)} ${JSON.stringify(body)?.slice(0, 60)}: ${status} ${text.slice(0, 300)}`,
      );
  };
  for (const [template, operations] of Object.entries<Record<string, Operation>>(json.paths)) {
    // A stream ends when whoever asked for it goes.
    if (template === "/tail" || template.endsWith("/events")) continue;
    const path = template.replaceAll(/\{\w+\}/g, "nobody");
    for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
      const body = requestBody === undefined ? undefined : {};
      for (const { name } of parameters.filter((one) => one.in === "query")) {
        for (const value of ASKED)
          await judge(method.toUpperCase(), `${path}?${name}=${encodeURIComponent(value)}`, body);
        await judge(method.toUpperCase(), `${path}?${name}=a&${name}=b`, body);
      }
      const [content] = Object.values(requestBody?.content ?? {});
      for (const field of fieldsOf(content?.schema))
        for (const value of GIVEN) await judge(method.toUpperCase(), path, { [field]: value });
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(1000);
});
