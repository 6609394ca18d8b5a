// When a cluster is ready: its control plane reaches the log, and every edge knows the configuration that is in it.

const POLL_MS = 50;
const LIVE_WITHIN_MS = 30_000;
const READY_WITHIN_MS = 5000;
const EDGES_WITHIN_MS = 15_000;

interface ListedEdge {
  readonly position: string | null;
  readonly state: string;
}

/**
 * False where the mid-tier can't be reached: edges then serve from the origin until it can. Throws where the control
 * plane does not start at all.
 */
export async function untilReady(control: string, by: { token: string; edges: number }): Promise<boolean> {
  if (!(await within(LIVE_WITHIN_MS, () => isOk(`${control}/livez`))))
    throw new Error("the control plane did not start");
  if (!(await within(READY_WITHIN_MS, () => isOk(`${control}/readyz`)))) return false;
  return within(EDGES_WITHIN_MS, async () => {
    const listed = await listEdges(control, by.token);
    return listed.length === by.edges && agree(listed);
  });
}

/** All at one position behind the log's beginning: the first entries of a log are its configuration. */
function agree(edges: readonly ListedEdge[]): boolean {
  const [first] = edges;
  if (first === undefined || first.position === null || first.position.endsWith("-0")) return false;
  return edges.every(({ position, state }) => position === first.position && state === "live");
}

async function listEdges(control: string, token: string): Promise<readonly ListedEdge[]> {
  const answer = await fetch(`${control}/edges?limit=100`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => null);
  if (answer === null) return [];
  const page = (await answer.json()) as { items?: readonly ListedEdge[] };
  return page.items ?? [];
}

async function isOk(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => null);
  await answer?.arrayBuffer();
  return answer?.ok === true;
}

async function within(limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const giveUpAt = Date.now() + limitMs;
  while (Date.now() < giveUpAt) {
    if (await holds()) return true;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return false;
}
