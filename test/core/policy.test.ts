// A policy's row as it is written, and how its URLs then deal with requests and answers.

import { describe, expect, test } from "vitest";
import { DEFAULT_HANDLING, type Policy, WHOLE_URL } from "../../shared/core/rules.ts";
import { readPolicy } from "../../shared/wire/policy.ts";

const read = (more: object) =>
  readPolicy({ key_pattern: "/*", class: "hot", ...more }, { id: "p", site: "shop" });

describe("a row", () => {
  test("that says nothing of it leaves requests and answers as they are by default", () => {
    expect(read({})).toMatchObject({ kind: "policy", policy: DEFAULT_HANDLING });
  });

  test.each<[object, Partial<Policy>]>([
    [{ set_cookie: "refuse" }, { setCookie: "refuse" }],
    [{ set_cookie: "strip" }, { setCookie: "strip" }],
    [{ set_cookie: "store" }, { setCookie: "store" }],
    [{ request_directives: "ignore" }, { requestDirectives: "ignore" }],
    [{ request_directives: "restrict" }, { requestDirectives: "restrict" }],
    [{ request_directives: "honor" }, { requestDirectives: "honor" }],
    [{ answer: {} }, { answer: { tags: "strip", targeted: "keep", immutable: "say" } }],
    [{ answer: { tags: "keep" } }, { answer: { tags: "keep", targeted: "keep", immutable: "say" } }],
    [{ answer: { targeted: "strip" } }, { answer: { tags: "strip", targeted: "strip", immutable: "say" } }],
    [{ answer: { immutable: "leave" } }, { answer: { tags: "strip", targeted: "keep", immutable: "leave" } }],
    [{ tags: ["a"] }, { tags: ["a"] }],
  ])("%j is %j", (more, expected) => expect(read(more)).toMatchObject({ policy: expected }));

  test.each<[unknown, Partial<Policy["key"]>]>([
    ["all", {}],
    ["none", { query: { kind: "none" } }],
    [{ sort: true }, { sort: true }],
    [{ sort: false }, {}],
    [{ include: ["a"] }, { query: { kind: "include", names: ["a"] } }],
    [
      { exclude: ["a"], sort: true },
      { query: { kind: "exclude", names: ["a"] }, sort: true },
    ],
    [
      { include: [], sort: true },
      { query: { kind: "include", names: [] }, sort: true },
    ],
  ])("with the key's query %j", (query, expected) => {
    expect(read({ key: { query } })).toMatchObject({ policy: { key: { ...WHOLE_URL, ...expected } } });
  });

  test("with a name or tags that may not be written any more is still read", () => {
    expect(read({ id: "suggestions", tags: [" a"] })).toMatchObject({ policy: { id: "suggestions" } });
  });

  test("with a key of names that may not be written any more is still read as it is", () => {
    const key = { query: { include: ["\ud800"] }, cookies: ["a b;c=d", "=", "\ud800"] };
    expect(read({ key })).toMatchObject({
      policy: { key: { query: { kind: "include", names: ["\ud800"] }, cookies: key.cookies } },
    });
  });

  test.each([
    ["/set_cookie", { set_cookie: "keep" }],
    ["/request_directives", { request_directives: true }],
    ["/answer/tags", { answer: { tags: "x" } }],
    ["/answer/immutable", { answer: { immutable: true } }],
    ["/answer/other", { answer: { other: "keep" } }],
    ["/key/query", { key: { query: { include: ["a"], exclude: ["b"] } } }],
    ["/key/query", { key: { query: {} } }],
  ])("with a fault at %s is refused whole", (pointer, more) => {
    const outcome = read(more);
    expect(outcome.kind === "invalid" && outcome.faults.map((fault) => fault.pointer)).toEqual([pointer]);
  });
});
