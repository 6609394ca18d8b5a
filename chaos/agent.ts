// The process that breaks things: it takes signed orders, runs one experiment at a time, and hands over its reports.

import { createControlClient } from "../client/index.ts";
import type { AgentConfiguration, LeverReply, StoppedMessage } from "../dev/chaos/lever.ts";
import { childConfiguration } from "../dev/child-configuration.ts";
import { handOver } from "./agent/hand-over.ts";
import { setFree } from "./agent/left-stopped.ts";
import { Runs } from "./agent/runs.ts";
import { startAgentServer } from "./agent/server.ts";
import { leverCalls } from "./lever-calls.ts";
import { looksAt } from "./look.ts";
import { pause } from "./pause.ts";
import { stageSetter } from "./stage/stage.ts";

const configuration = await childConfiguration<AgentConfiguration>();
const { control, token, clusterKey, port, edges, databases } = configuration;

let stopped: StoppedMessage["groups"] = [];
process.on("message", (message: StoppedMessage | LeverReply) => {
  if (message.kind === "stopped") stopped = message.groups;
});

const pull = leverCalls({
  // Into a pipe that nobody reads any more it is an error of this process's where nobody takes it.
  send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
  onReply: (take) =>
    process.on("message", (message: LeverReply) => {
      if (message.kind === "lever-done") take(message);
    }),
});

const runs = new Runs({
  wall: () => Date.now(),
  report: (report) => handOver(report, { control, clusterKey }),
  experiment: {
    now: () => performance.now(),
    sleep: pause,
    pull,
    setStage: stageSetter(configuration, createControlClient({ url: control, token })),
    edges: edges.map(({ id }) => id),
    databases: databases.map(({ id }) => id),
    look: looksAt(configuration),
  },
});

// Whoever has started us heals what we have broken, unless it is gone itself: then its end has ended all but who is stopped.
process.on("disconnect", () => void setFree(stopped).finally(() => process.exit(0)));
process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => undefined);

await startAgentServer({ port, clusterKey, runs });
process.send?.({ kind: "ready" });
