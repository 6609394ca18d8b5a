// The abort switch: it heals at once, whatever is broken, and the audit log says in the end, once, who pulled it.

import { expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import type { Principal } from "../../control-plane/tokens/scopes.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { type ChaosStage, chaosStage } from "../support/chaos-stage.ts";

const AWAY = { kind: "unavailable", reason: "test" } as const;

const holder = (id: string): Principal => ({
  ...{ id, name: `holder of ${id}`, scopes: ["chaos", "read"], sites: null, patterns: null },
});

/** Redis can be taken away from it. */
async function breakable() {
  const control = { isAway: false };
  const through = (redis: Redis): Redis => ({
    run: async (commands, deadline) => (control.isAway ? AWAY : redis.run(commands, deadline)),
  });
  const stage = await chaosStage({ through });
  const body = { experiment: "pause-shard", target: "control" };
  const { id } = (await stage.ask("/chaos", { body, by: holder("beginner") })).json;
  return { stage, control, id: String(id) };
}

const abort = (stage: ChaosStage, id: string, by: Principal) =>
  stage.ask(`/chaos/${id}`, { method: "DELETE", by });

const lastWord = (stage: ChaosStage, id: string): ChaosReport => {
  const report = stage.agent.reports.get(id);
  if (report === undefined) throw new Error("the agent knows nothing of it");
  return { ...report, phase: "over", endedAt: report.startedAt + 5000 };
};

const ends = async (stage: ChaosStage) =>
  (await stage.records())
    .filter(({ action }) => action !== "chaos.start")
    .map(({ action, actor, token }) => [action, actor, token]);

const ABORTED = [["chaos.abort", "holder of stopper", "stopper"]];

test("it heals where nothing can be recorded, and who pulled it is recorded with the agent's last word", async () => {
  const { stage, control, id } = await breakable();
  stage.agent.endsAtOnce = false;
  control.isAway = true;
  const { status, json } = await abort(stage, id, holder("stopper"));
  expect([status, json.state, json.endedAt]).toEqual([200, "aborted", null]);
  expect(json, "who it was is for those who may read the audit log").not.toHaveProperty("abortedBy");
  expect(stage.agent.reports.get(id)?.state).toBe("aborted");
  control.isAway = false;
  expect(await ends(stage)).toEqual([]);
  expect(await stage.handOver(lastWord(stage, id))).toBe(200);
  expect(await stage.handOver(lastWord(stage, id)), "told again").toBe(200);
  expect(await ends(stage)).toEqual(ABORTED);
  expect((await stage.ask(`/chaos/${id}`)).json).toMatchObject({
    ...{ state: "aborted", phase: "over", actor: "holder of beginner" },
  });
});

test("it is recorded at once where its healing brings back what records it, and not again with the end", async () => {
  const { stage, control, id } = await breakable();
  stage.agent.endsAtOnce = false;
  stage.agent.onHealed = () => {
    control.isAway = false;
  };
  control.isAway = true;
  expect((await abort(stage, id, holder("stopper"))).json).toMatchObject({ state: "aborted", endedAt: null });
  expect(await ends(stage)).toEqual(ABORTED);
  await stage.handOver(lastWord(stage, id));
  expect(await ends(stage)).toEqual(ABORTED);
});

test.each([false, true])(
  "an agent of the release before says nothing of it (over at once: %s)",
  async (endsAtOnce) => {
    const { stage, id } = await breakable();
    Object.assign(stage.agent, { endsAtOnce, namesAborters: false });
    await abort(stage, id, holder("stopper"));
    expect(await ends(stage)).toEqual(ABORTED);
  },
);

test("whoever pulls it first is who is named", async () => {
  const { stage, control, id } = await breakable();
  stage.agent.endsAtOnce = false;
  control.isAway = true;
  await abort(stage, id, holder("stopper"));
  control.isAway = false;
  expect((await abort(stage, id, holder("latecomer"))).status).toBe(200);
  await stage.handOver(lastWord(stage, id));
  expect(await ends(stage)).toEqual(ABORTED);
});

test("what is over is aborted by nobody, though Redis has not heard of its end", async () => {
  const { stage, id } = await breakable();
  stage.agent.reports.set(id, { ...lastWord(stage, id), state: "passed" });
  expect((await abort(stage, id, holder("stopper"))).json.state).toBe("passed");
  expect(await ends(stage)).toEqual([["chaos.end", "holder of beginner", null]]);
});

test("an agent that does not let itself be stopped is no abort that was recorded", async () => {
  const { stage, id } = await breakable();
  stage.agent.isThere = false;
  const { status, json } = await abort(stage, id, holder("stopper"));
  expect([status, json.code]).toEqual([503, "chaos-agent-away"]);
  expect(await ends(stage)).toEqual([]);
});

test("of one that its agent knows nothing of any more, who ended it is named", async () => {
  const { stage, id } = await breakable();
  stage.agent.reports.clear();
  expect((await abort(stage, id, holder("stopper"))).json).toMatchObject({ state: "aborted", phase: "over" });
  expect(await ends(stage)).toEqual(ABORTED);
});

test("nobody's experiment is not there, and nobody can tell where Redis is away", async () => {
  const { stage, control } = await breakable();
  expect((await abort(stage, "nobody", holder("stopper"))).status).toBe(404);
  control.isAway = true;
  expect((await abort(stage, "nobody", holder("stopper"))).status).toBe(503);
});

test("a token that was recognised before aborts as long as an experiment runs, and reads nothing meanwhile", async () => {
  const { stage, control, id } = await breakable();
  const [token, unseen] = [await stage.tokenOf("chaos", "read"), await stage.tokenOf("chaos", "read")];
  expect((await stage.ask(`/chaos/${id}`, { token })).status).toBe(200);
  control.isAway = true;
  await stage.time.runUntil(stage.time.now + 5 * 60_000);
  expect((await stage.ask(`/chaos/${id}`, { token })).status).toBe(503);
  expect((await stage.ask(`/chaos/${id}`, { token: unseen, method: "DELETE" })).status).toBe(503);
  expect((await stage.ask(`/chaos/${id}`, { token, method: "DELETE" })).json.state).toBe("aborted");
  await stage.time.runUntil(stage.time.now + LIMITS.chaosRunsAtMost);
  expect((await stage.ask(`/chaos/${id}`, { token, method: "DELETE" })).status, "long ago").toBe(503);
});

test("so does its session: the button is on the report's page, and does what it says", async () => {
  const { stage, control, id } = await breakable();
  const cookieOf = ({ headers }: { headers: Headers }) => headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  const formIn = ({ text }: { text: string }) => /name="form" value="([0-9a-f]+)"/.exec(text)?.[1] ?? "";
  const door = await stage.visit("/sign-in", "");
  const token = await stage.tokenOf("chaos", "read");
  const cookie = cookieOf(await stage.visit("/sign-in", cookieOf(door), { form: formIn(door), token }));
  control.isAway = true;
  await stage.time.runUntil(stage.time.now + 5 * 60_000);
  expect((await stage.visit("/", cookie)).status, "any other page").toBe(503);
  const page = await stage.visit(`/chaos/${id}/report`, cookie);
  expect(page.text).toContain("Heal it and abort");
  const pressed = await stage.visit(`/chaos/${id}/abort`, cookie, { form: formIn(page) });
  expect([pressed.status, stage.agent.reports.get(id)?.state]).toEqual([303, "aborted"]);
});
