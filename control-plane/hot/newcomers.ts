// Warms edges that are new or have lost their memory with what their region asks for most, as soon as they register.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { NamedReport } from "../../shared/mid-tier/fold-reports.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isRunning } from "../warmup/is-running.ts";
import { beginRebuild } from "./begin-rebuild.ts";
import type { Begun } from "./rebuild.ts";

type Ports = Pick<ControlPlane, "hotKeys" | "warmups" | "digest">;

/** One life of an edge's isolate, which begins with an empty memory. */
interface Life {
  readonly boot: string;
  readonly region: string;
}

/** Who is to be warmed, as the beat's owner remembers it. */
export class Newcomers {
  private readonly lives = new Map<string, string>();
  private readonly due = new Map<string, Life>();
  /** The warm-ups that were begun last for an edge: while one of them runs no other begins. */
  private readonly jobs = new Map<string, readonly string[]>();
  /** Lives that were warmed: several isolates behind one address take turns in answering. */
  private readonly warmed = new Set<string>();

  /** By the directory as it was before these reports changed it. */
  see({ edge, report: { boot, region } }: NamedReport, { sightings }: Directory): void {
    const before = this.lives.get(edge) ?? sightings.get(edge)?.boot;
    this.lives.set(edge, boot);
    if (before !== boot && !this.warmed.has(`${edge} ${boot}`)) this.due.set(edge, { boot, region });
  }

  /** One job an edge and site, the same whoever begins it and however often. */
  async begin(plane: Ports): Promise<Begun> {
    let begun = 0;
    for (const [edge, life] of this.due) {
      const busy = await isRunning(plane, this.jobs.get(edge) ?? []);
      if (busy === true) continue;
      const outcome = busy === false ? await this.warm(plane, { edge, ...life }) : busy;
      if (outcome.kind === "unavailable") return outcome;
      begun += outcome.begun;
      this.due.delete(edge);
      this.remember(`${edge} ${life.boot}`);
    }
    return { kind: "begun", begun };
  }

  private async warm(plane: Ports, newcomer: Life & { readonly edge: string }): Promise<Begun> {
    const ranking = await hottestOf(plane.hotKeys, newcomer.region);
    if (ranking.kind === "unavailable") return ranking;
    const { edge, boot } = newcomer;
    const jobs = await beginRebuild(plane, {
      ...{ name: ["rebuild", edge, boot], keys: ranking.keys },
      ...{ edges: [edge], into: "edges" },
    });
    if (jobs.kind === "unavailable") return jobs;
    this.jobs.set(edge, jobs.ids);
    return { kind: "begun", begun: jobs.begun };
  }

  private remember(life: string): void {
    const [oldest] = this.warmed;
    if (this.warmed.size >= LIMITS.livesRemembered && oldest !== undefined) this.warmed.delete(oldest);
    this.warmed.add(life);
  }
}

/** A region of which nothing is known is taken to be like the others. */
async function hottestOf(
  hotKeys: ControlPlane["hotKeys"],
  region: string,
): ReturnType<ControlPlane["hotKeys"]["read"]> {
  const own = await hotKeys.read(LIMITS.rebuildKeys, region);
  return own.kind === "unavailable" || own.keys.length > 0 ? own : hotKeys.read(LIMITS.rebuildKeys);
}
