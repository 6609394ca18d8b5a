// Whether purges, writes that wait, tokens and the log itself are as they should be.

import { formatPosition } from "../../shared/core/position.ts";
import { days, elapsed, instant } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readReceipts } from "../invalidate/await.ts";
import type { Receipt } from "../invalidate/receipt.ts";
import { readJournalLosses } from "../journal/losses.ts";
import { readLosses } from "../log/losses.ts";
import { sumJournal } from "../metrics/journal-sums.ts";
import type { Table } from "../policies/table.ts";
import { shardMapIn } from "../shards/map.ts";
import { areaOf, type Check } from "./check.ts";

export function environmentChecks({ settings }: Pick<ControlPlane, "settings">): Check[] {
  const { ok, warn, fail } = areaOf("configuration");
  const faults = settings.faults.map((fault, index) =>
    fail(`environment-${index + 1}`, fault, "Correct the environment of the control plane (docs/deploy.md)."),
  );
  const push = settings.push
    ? []
    : [warn("push", "purges are not pushed: edges learn them by pulling, within their windows", null)];
  return [...(faults.length > 0 ? faults : [ok("environment", "the environment could be read")]), ...push];
}

export function logChecks({ configuration, head }: Table): Check[] {
  const { ok, warn } = areaOf("log");
  const at = ok("log", `the log answers, and stands at ${formatPosition(head)}`);
  const losses = readLosses(configuration);
  const last = losses.at(-1);
  if (last === undefined) return [at];
  const when = new Date(last.foundAt).toISOString();
  const what = `Redis has lost ${losses.length === 1 ? "a part" : `${losses.length} parts`} of the log, the last one found at ${when} (${last.from} to ${last.to})`;
  return [
    at,
    warn(
      "log-losses",
      what,
      "Make Redis durable (appendonly, replicas with REPLICAS). Edges have begun anew, and serve nothing older.",
    ),
  ];
}

/** So long a loss is told as a fault of today: what was to be done about it has been done by then. */
const FRESH = days(1);

export function journalLossChecks(
  { configuration }: Pick<Table, "configuration">,
  { wall }: { readonly wall: number },
): Check[] {
  const { warn, fail } = areaOf("journal");
  const last = new Map(readJournalLosses(configuration).map((loss) => [loss.database, loss]));
  return [...last.values()].map(({ database, foundAt, lacks }) =>
    (elapsed(instant(foundAt), instant(wall)) < FRESH ? fail : warn)(
      `journal-lost-${database}`,
      `${database} came back without ${lacks} acknowledged writes, found at ${new Date(foundAt).toISOString()}`,
      "See ops/runbooks/journal-lost.md: what the origin has by now, and what makes Redis durable (appendonly, replicas with REPLICAS).",
    ),
  );
}

/** Which shards were taken out, and whether anybody is left: then no two edges share an answer. */
export function shardChecks({ configuration }: Pick<Table, "configuration">): Check[] {
  const { warn, fail } = areaOf("redis");
  const shards = shardMapIn(configuration)?.shards ?? [];
  const out = shards.filter(({ state }) => state === "out").map(({ id }) => id);
  const back = "Bring one back: tidegate shards put ID --in";
  if (shards.length > 0 && out.length === shards.length)
    return [
      fail(
        "redis-taken-out",
        "every shard was taken out: edges share nothing, and ask the origin each for itself",
        back,
      ),
    ];
  return out.length > 0 ? [warn("redis-taken-out", `taken out of use: ${out.join(", ")}`, back)] : [];
}

/** So many purges of everything among the last ones are more than accidents. */
const OFTEN = 3;

export async function purgeChecks(plane: ControlPlane): Promise<Check[]> {
  const { ok, warn, unknown } = areaOf("purges");
  const page = await plane.receipts.list(null, LIMITS.page);
  if (page.kind === "unavailable") return [unknown("purges", `the receipts did not answer (${page.reason})`)];
  const read = await readReceipts(plane, page.ids, { mostSelectors: LIMITS.selectorsListed });
  if (read.kind === "unavailable") return [unknown("purges", `the receipts did not answer (${read.reason})`)];
  const { receipts } = read;
  const late = receipts.filter((receipt) => isLate(receipt, plane.clock.wall()));
  const all = receipts.filter(({ selectors }) => selectors.some(({ kind }) => kind === "everything"));
  return [
    late.length === 0
      ? ok("purges", "the last purges hold at every edge, or are about to")
      : warn(
          "purges-late",
          `${late.length} of the last ${receipts.length} purges have not converged within a minute`,
          `tidegate receipts ${late[0]?.id ?? ""}`,
        ),
    ...(all.length < OFTEN
      ? []
      : [
          warn(
            "purges-everything",
            `${all.length} of the last ${receipts.length} purges were of everything: each makes the origin answer all of it again`,
            "Purge by tags instead: `Cache-Tag` in the origin's answers, or `tags` in a policy (docs/policies.md).",
          ),
        ]),
  ];
}

const isLate = ({ state, acceptedAt }: Receipt, wall: number): boolean =>
  state !== "converged" && elapsed(instant(Date.parse(acceptedAt)), instant(wall)) > LIMITS.doctorLate;

export async function journalChecks({ journal }: Pick<ControlPlane, "journal">): Promise<Check[]> {
  const { ok, warn, unknown } = areaOf("journal");
  const { pending, deadLettered } = sumJournal(await journal.figures());
  if (pending === null || deadLettered === null)
    return [unknown("journal", "a database does not tell what of its journal waits")];
  if (deadLettered === 0)
    return [ok("journal", `${pending} writes wait for the origin, and none is given up`)];
  const advice = "tidegate journal list --state dead-lettered; then retry or drop each.";
  return [warn("journal-dead", `${deadLettered} writes are acknowledged, and parked`, advice)];
}

export async function tokenChecks({
  tokens,
  clock,
  settings,
}: Pick<ControlPlane, "tokens" | "clock" | "settings">): Promise<Check[]> {
  const { ok, warn, unknown } = areaOf("tokens");
  const read = await tokens.list();
  if (read.kind === "unavailable") return [unknown("tokens", `the tokens did not answer (${read.reason})`)];
  const now = clock.wall();
  const expired = read.tokens.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
  const admins = read.tokens.filter(
    ({ scopes, expiresAt }) => scopes.includes("admin") && (expiresAt ?? now + 1) > now,
  );
  const found = [
    ...expired.map(({ id, name }) =>
      warn(`token-${id}`, `the token ${name} has expired`, `tidegate tokens revoke ${id}`),
    ),
    ...admins.map(({ id, name }) =>
      warn(
        `token-${id}`,
        `the token ${name} may do everything`,
        `Make one with no more than it needs (tidegate tokens create ${name} --scope …), then: tidegate tokens revoke ${id}`,
      ),
    ),
  ];
  const none = settings.adminTokenHash === null && read.tokens.length === 0;
  if (none)
    return [
      warn("tokens", "there is no token at all: nobody can ask for anything", "Set ADMIN_TOKEN_SHA256."),
    ];
  return found.length > 0
    ? found
    : [ok("tokens", `${read.tokens.length} tokens beside the environment's own, each with its scopes`)];
}
