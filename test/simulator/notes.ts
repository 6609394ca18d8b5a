// What isolates of one data centre leave for each other: found late, not at all, or an older one; and nobody trusts how long it was there.

import { millis } from "../../shared/core/units.ts";
import type { Notes } from "../../shared/ports/notes.ts";
import type { Chance } from "./chance.ts";
import type { Isolate } from "./isolate.ts";
import type { VirtualTime } from "./virtual-time.ts";

interface Left {
  readonly text: string;
  readonly at: number;
}

/** Notes of one name that a reader may still be given. */
const REMEMBERED = 4;

export class SimulatedNotes {
  private readonly left = new Map<string, Left[]>();
  private readonly time: VirtualTime;
  private readonly chance: Chance;

  constructor(time: VirtualTime, chance: Chance) {
    this.time = time;
    this.chance = chance.fork("notes");
  }

  seenBy(isolate: Isolate): Notes {
    return {
      find: async (name) => {
        await this.delay(isolate);
        const all = this.left.get(name) ?? [];
        const found = this.chance.hit(0.1) ? all[0] : all.at(-1);
        await this.delay(isolate);
        if (found === undefined || this.chance.hit(0.05)) return null;
        // Whoever left it may have another wall clock than whoever finds it.
        const residence = Math.floor(
          (this.time.now - found.at) * (this.chance.hit(0.5) ? 0 : this.chance.unit()),
        );
        return { text: found.text, residence: millis(residence) };
      },
      leave: async (name, text) => {
        await this.delay(isolate);
        const all = this.left.get(name) ?? [];
        all.push({ text, at: this.time.now });
        this.left.set(name, all.slice(-REMEMBERED));
        return true;
      },
    };
  }

  private delay(isolate: Isolate): Promise<void> {
    return isolate.pass(this.chance.between(0, this.chance.hit(0.1) ? 60 : 2));
  }
}
