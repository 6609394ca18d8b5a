// When the beat goes off: a beat after the last one, at once where there is work, and whatever the wall clock does.

import { beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { BeatAlarm } from "../../control-plane/tick/alarm.ts";

const FIVE_MINUTES = 300_000;

let wall: number;
let set: number | null;
let alarm: BeatAlarm;

beforeEach(() => {
  wall = 1_800_000_000_000;
  set = null;
  const storage = {
    getAlarm: async () => set,
    setAlarm: async (at: number) => {
      set = at;
    },
  };
  alarm = new BeatAlarm(storage, () => wall);
});

test("who makes sure of it begins it where it has stopped, and leaves it alone where it goes on", async () => {
  await alarm.ensure();
  expect(set).toBe(wall);
  await alarm.begin();
  wall += 400;
  await alarm.ensure();
  expect(set).toBe(wall - 400 + LIMITS.beat);
});

test("those in a hurry have it a look's pause after the last beat, however many they are", async () => {
  await alarm.begin();
  for (let i = 0; i < 5; i++) {
    wall += 10;
    await alarm.hurry();
    expect(set).toBe(wall - 10 * (i + 1) + LIMITS.beatBusy);
  }
  wall += FIVE_MINUTES;
  await alarm.hurry();
  expect(set).toBe(wall);
});

test("a clock set back by five minutes does not stop it for five minutes", async () => {
  await alarm.begin();
  wall -= FIVE_MINUTES;
  await alarm.ensure();
  expect(set).toBe(wall);
});

test("nor for those in a hurry, and however often they come they don't put it off", async () => {
  await alarm.begin();
  wall -= FIVE_MINUTES;
  const back = wall;
  for (let i = 0; i < 5; i++) {
    await alarm.hurry();
    expect(set).toBe(back + LIMITS.beatBusy);
    wall += 10;
  }
});
