// The cluster and the browser that all stories of the dashboard play on, one after the other.

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Looks, type Seen, signIn, startBrowser, type TestBrowser } from "../support/browser.ts";
import { type FaultyCluster, startTestCluster } from "../support/cluster.ts";

/** What their own times are is tried in virtual time. */
const ALERTS = {
  // None that has not come yet is silent.
  "edge-silent": { forSeconds: 5 },
  "mid-tier-unreachable": { threshold: 1 },
  "wrong-tokens": { threshold: 5, forSeconds: 0 },
};

export class DashboardStage {
  /** Requests that clients have made of it so far, which it has counted or will. */
  asked = 0;
  readonly cluster: FaultyCluster;
  readonly browser: TestBrowser;
  private open: Seen[] = [];

  constructor(cluster: FaultyCluster, browser: TestBrowser) {
    this.cluster = cluster;
    this.browser = browser;
  }

  async ask(edge: number, path: string): Promise<void> {
    this.asked += 1;
    await this.cluster.get(edge, path);
  }

  /** A window that the test need not close. */
  async window(looks: Looks = {}): Promise<Seen> {
    const seen = await this.browser.open(looks);
    this.open.push(seen);
    return seen;
  }

  /** One that has been signed in, at the overview. */
  async visit(looks: Looks = {}, token = this.cluster.token): Promise<Seen> {
    const seen = await this.window(looks);
    await signIn(seen.page, { control: this.cluster.control, token });
    return seen;
  }

  /** Resolves with what their pages have complained of. */
  async closeAll(): Promise<string[]> {
    const complaints = this.open.flatMap((seen) => seen.complaints);
    await Promise.all(this.open.map((seen) => seen.close()));
    this.open = [];
    return complaints;
  }
}

/** Declares it for all tests of a file; it is there as soon as the first of them runs. */
export function dashboardStage(): () => DashboardStage {
  let stage: DashboardStage | undefined;
  beforeAll(async () => {
    const setUp = { edges: 3, faults: true, handedOn: { ALERTS: JSON.stringify(ALERTS) } } as const;
    const [cluster, browser] = await Promise.all([startTestCluster(setUp), startBrowser()]);
    stage = new DashboardStage(cluster, browser);
  }, 60_000);
  afterAll(async () => {
    await stage?.browser.close();
    await stage?.cluster.stop();
  });
  afterEach(async () => expect(await stage?.closeAll()).toEqual([]));
  return () => {
    if (stage === undefined) throw new Error("the stage is not set yet");
    return stage;
  };
}
