// A process that runs the seeds it is sent, one after the other, and sends back what came of each.

import { simulate } from "./simulate.ts";

const traces = process.env.SIM_TRACES === "all";
let queue: Promise<void> = Promise.resolve();

process.on("message", (seed: number) => {
  queue = queue.then(async () => {
    const result = await simulate(seed);
    // A trace is long, and wanted of a seed that passes by hardly anybody.
    const trace = traces || result.violations.length > 0 ? result.trace : [];
    process.send?.({ ...result, trace });
  });
});
