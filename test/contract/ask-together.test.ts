// One question at a time for all who have it: what becomes of those whose requests are gone.

import { expect, test } from "vitest";
import { askTogether, type Question, type UnderWay } from "../../edge/ask-together.ts";
import { instant, millis } from "../../shared/core/units.ts";

const GUARD = millis(50);

/** Whose clock and timers are turned apart. */
function asking() {
  const state = { now: 0, asked: 0 };
  let due: (() => void)[] = [];
  const by = {
    clock: { now: () => instant(state.now) },
    timers: {
      after(_span: number, run: () => void) {
        due.push(run);
        return () => {
          due = due.filter((one) => one !== run);
        };
      },
    },
  };
  const underWay = new Map<string, UnderWay<string>>();
  const answers: PromiseWithResolvers<string>[] = [];
  const question = (key: string): Question<string> => ({
    ...{ key, underWay, guard: GUARD },
    ask() {
      state.asked += 1;
      const answer = Promise.withResolvers<string>();
      answers.push(answer);
      return answer.promise;
    },
  });
  return {
    ...{ state, underWay, answers },
    ask: (key: string) => askTogether(by, question(key)),
    async fire() {
      for (const run of due.splice(0)) run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
}

test("of those who have waited for one that is lost, one asks anew, also where the clock is behind its timers", async () => {
  const { state, ask, fire, answers } = asking();
  void ask("a");
  const joined = [ask("a"), ask("a"), ask("a")];
  state.now = GUARD - 0.5;
  await fire();
  expect(state.asked).toBe(2);
  answers[1]?.resolve("said");
  expect(await Promise.all(joined)).toEqual(["said", "said", "said"]);
});

test("what is lost, and nobody asks again, does not stay for ever", () => {
  const { state, ask, underWay } = asking();
  for (let lost = 0; lost < 1500; lost++) {
    state.now += 1;
    void ask(String(lost));
  }
  expect(underWay.size).toBeLessThanOrEqual(1000);
  // Nor does it take what is under way still.
  expect([...underWay.keys()].slice(-GUARD)).toEqual(
    Array.from({ length: GUARD }, (_, at) => String(1450 + at)),
  );
});
