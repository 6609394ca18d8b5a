// The line before an origin: first come, first served, users before background work, and not without end.

import { expect, test } from "vitest";
import { WaitingLine } from "../../shared/core/waiting-line.ts";

test("users come before background work, and each in the order of arrival", () => {
  const line = new WaitingLine<string>({ user: 9, background: 9 });
  line.join("refresh 1", "background");
  line.join("user 1", "user");
  line.join("refresh 2", "background");
  line.join("user 2", "user");
  expect([1, 2, 3, 4, 5].map(() => line.next())).toEqual([
    "user 1",
    "user 2",
    "refresh 1",
    "refresh 2",
    null,
  ]);
});

test("is full at its limit, for each kind by itself", () => {
  const line = new WaitingLine<string>({ user: 2, background: 1 });
  expect([line.join("a", "user"), line.join("b", "user"), line.join("c", "user")]).toEqual([
    true,
    true,
    false,
  ]);
  expect([line.join("d", "background"), line.join("e", "background")]).toEqual([true, false]);
  expect(line.length).toBe(3);
});

test("whoever leaves is not called, and whoever was called can't leave", () => {
  const line = new WaitingLine<string>({ user: 9, background: 9 });
  line.join("a", "user");
  line.join("b", "background");
  expect(line.leave("a")).toBe(true);
  expect(line.next()).toBe("b");
  expect(line.leave("b")).toBe(false);
});
