// The beat's witness in memory, for tests that run the control plane in their own process.

import { laterNoted, type WitnessStore } from "../../control-plane/log/witness.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";

export function memoryWitness(): WitnessStore {
  let noted: LogHead | null = null;
  return {
    read: async () => ({ kind: "noted", head: noted }),
    async note(head) {
      noted = laterNoted(noted, head);
    },
    async put(head) {
      noted = head;
    },
  };
}
