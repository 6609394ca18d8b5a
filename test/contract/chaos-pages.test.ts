// Experiments on the dashboard: the section of the overview, the report's page, and the abort switch.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CHAOS_REPORT_PATH } from "../../shared/wire/chaos.ts";
import { chaosReport } from "../support/chaos-report.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { askSigned, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

let rest: RestFixture;
let plane: TestPlane;
let cookie = "";

beforeAll(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest);
  const page = await plane.ask("/sign-in");
  const fields = { form: formIn(page.text), token: TOKEN };
  cookie = cookieOf(await post("/sign-in", fields, cookieOf(page)));
});
afterAll(() => rest.stop());

const cookieOf = (answer: { headers: Headers }): string =>
  (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
const formIn = (html: string): string => /name="form" value="([0-9a-f]+)"/.exec(html)?.[1] ?? "";

const post = (path: string, fields: Record<string, string>, by: string) =>
  plane.ask(path, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: by },
  });
const page = (path: string, by = cookie) => plane.ask(path, { headers: { cookie: by } });
const handOver = (report: object) => askSigned(plane, CHAOS_REPORT_PATH, JSON.stringify(report));

/** Begun, as far as Redis knows. */
async function runs(id: string): Promise<void> {
  const { timeline, events, ...running } = chaosReport({
    id,
    state: "running",
    phase: "fault",
    endedAt: null,
  });
  await plane.plane.experiments.begin({
    ...{ id, requestDigest: id, actor: "ops", reason: null, head: JSON.stringify(running) },
  });
  await plane.plane.experiments.keep(id, {
    ...{ isOver: false, head: JSON.stringify(running), course: JSON.stringify({ timeline, events }) },
  });
}

test("where chaos is off and nothing was ever run the overview says nothing of it", async () => {
  expect((await page("/")).text).not.toContain('id="chaos"');
});

test("a report is a page of the dashboard, charts and all, in which nothing runs", async () => {
  await handOver(chaosReport({ id: "r1", state: "failed", hypothesis: "<script>alert(1)</script>" }));
  const { status, text, headers } = await page("/chaos/r1/report");
  expect(status).toBe(200);
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(text).toContain("&lt;script&gt;alert(1)");
  expect(text.match(/class="phase-fault" x=/g)).toHaveLength(5);
  expect(text, "no style in it that the policy would forbid").not.toMatch(/<style|style="/);
  const overview = (await page("/")).text;
  expect(overview).toContain('id="chaos"');
  expect(overview).toContain('href="/chaos/r1/report"');
  expect((await page("/chaos/nobody/report")).status).toBe(404);
  expect((await page("/chaos/r1/report", "")).headers.get("location")).toBe(
    "/sign-in?to=%2Fchaos%2Fr1%2Freport",
  );
});

test("the abort switch is a form of this session: no other page can press it", async () => {
  await runs("r2");
  const refused = await post("/chaos/r2/abort", {}, cookie);
  expect(refused.status).toBe(403);
  const form = formIn((await page("/")).text);
  const pressed = await post("/chaos/r2/abort", { form }, cookie);
  expect([pressed.status, pressed.headers.get("location")]).toEqual([303, "/chaos/r2/report"]);
  expect((await page("/chaos/r2/report")).text).toContain("Aborted.");
});
