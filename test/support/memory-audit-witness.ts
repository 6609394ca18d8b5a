// The audit log's witness in memory, for tests that run the control plane in their own process.

import type { AuditNoted, AuditWitness } from "../../control-plane/audit-log/witness.ts";

export function memoryAuditWitness(): AuditWitness {
  let noted: AuditNoted = { head: null, breaches: [] };
  return {
    read: async () => ({ kind: "noted", ...noted }),
    async put(given) {
      noted = given;
    },
  };
}
