// Steady traffic of an outside client over several edges, each in turn, all of it recorded.

import { createOutsideClient, type Exchange } from "./exchange.ts";
import { type OpenLoopCounts, startOpenLoop } from "./open-loop.ts";

export interface TrafficPlan {
  readonly edges: readonly { readonly url: string }[];
  readonly host: string;
  /** Over all edges. */
  readonly perSecond: number;
  readonly deadlineMs: number;
  /** What the request of this number asks for. */
  readonly pathOf: (number: number) => string;
}

export interface Traffic {
  /** What has ended so far. */
  readonly exchanges: readonly Exchange[];
  /** Resolves when all requests have ended, with how they were sent. */
  stop(): Promise<OpenLoopCounts>;
}

/** Twice what is under way when every request lasts as long as it may. */
const mostInFlight = ({ perSecond, deadlineMs }: TrafficPlan): number =>
  Math.ceil((2 * perSecond * deadlineMs) / 1000);

export function startTraffic(plan: TrafficPlan): Traffic {
  const client = createOutsideClient(plan);
  const exchanges: Exchange[] = [];
  const loop = startOpenLoop({
    perSecond: plan.perSecond,
    mostInFlight: mostInFlight(plan),
    async send(number, scheduledAt) {
      const edge = number % plan.edges.length;
      exchanges.push(await client.ask({ edge, path: plan.pathOf(number), scheduledAt }));
    },
  });
  return {
    exchanges,
    async stop() {
      const counts = await loop.stop();
      client.close();
      return counts;
    },
  };
}
