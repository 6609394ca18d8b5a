// `npm start`: runs the whole system on this machine until it is interrupted.

import { setTimeout } from "node:timers/promises";
import { type Cluster, startCluster } from "./cluster.ts";
import { readOptions, USAGE, UsageError } from "./options.ts";

function announce(cluster: Cluster): void {
  const say = (line: string): void => console.log(line);
  say(`origin         ${cluster.origin}`);
  say(`mid-tier       ${cluster.redis.url}`);
  for (const { id, url } of cluster.shards) say(`${id.padEnd(14)} ${url}`);
  say(`control plane  ${cluster.control}`);
  say(`dashboard      ${cluster.control}/`);
  for (const edge of cluster.edges) say(`${edge.id.padEnd(14)} ${edge.url}`);
  if (cluster.chaosAgent !== null) say(`chaos agent    ${cluster.chaosAgent}`);
  if (!cluster.ready)
    console.error("tidegate: the mid-tier can't be reached yet; edges serve from the origin until it can");
  say(`token file     ${cluster.tokenFile}`);
  say("ready");
}

const PARENT_CHECK_MS = 500;
/** After a failure, how long an interrupt that caused it may be on its way. */
const INTERRUPT_MS = 100;

/** Started by npm, we end with it, also where it was killed and could tell nobody. */
function endWithParent(end: () => void): void {
  if (process.env.npm_lifecycle_event !== "start") return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, PARENT_CHECK_MS);
  timer.unref();
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === null) {
    console.log(USAGE);
    return;
  }
  let cluster: Cluster | null = null;
  let interrupted = false;
  const end = async (): Promise<void> => {
    if (cluster === null || interrupted) {
      interrupted = true;
      return;
    }
    interrupted = true;
    await cluster.stop();
    process.exit(0);
  };
  process.on("SIGINT", () => void end());
  process.on("SIGTERM", () => void end());
  endWithParent(() => void end());
  try {
    cluster = await startCluster(options);
  } catch (error) {
    // A terminal's interrupt reaches children, too, and the end of one of them may be told of before it.
    await setTimeout(INTERRUPT_MS);
    if (interrupted) process.exit(0);
    throw error;
  }
  if (interrupted) {
    await cluster.stop();
    process.exit(0);
  }
  announce(cluster);
}

try {
  await main();
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(`tidegate: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(usage ? 2 : 1);
}
