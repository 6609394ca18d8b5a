// The mutants: one fault each, in production's own source where the rule lives there, else in the lines that stand for it.

import type { Fault } from "./bundle.ts";

export interface Mutant {
  readonly fault: Fault;
  /** Where it shows. */
  readonly configuration: string;
}

const VIEW = "shared/core/log-view.ts";
const ADMISSION = "shared/core/admission.ts";
const GOSSIP = "shared/core/gossip.ts";
const KNOWLEDGE = "shared/view/knowledge.ts";
const PULLING = "test/model/pulling.ts";
const NEAR = "test/model/near.ts";
const FLIGHTS = "test/model/flights.ts";
const SEARCHING = "test/model/searching.ts";
const FETCHING = "test/model/fetching.ts";
const SHARD = "test/model/shard.ts";
const WORLD = "test/model/world.ts";
const REPLICAS = "test/model/replicas.ts";
const LOG = "test/model/redis-log.ts";

/** What a mutant needs to know of the view, where the rules as they are need nothing. */
const LOOKS_AT_VIEW = {
  find: 'import { withoutOlder } from "./near.ts";\n',
  put: `import { withoutOlder } from "./near.ts";
import { thawed } from "./knowing.ts";
import { highestLearnt } from "../../shared/core/log-view.ts";
const newest = (view) => highestLearnt(thawed(view));
`,
};

/** One edit in one file. */
const edit = (file: string, find: string, put: string): Fault => ({ file, edits: [{ find, put }] });

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "drop as-of": {
    configuration: "leases",
    fault: {
      file: FETCHING,
      edits: [
        LOOKS_AT_VIEW,
        {
          find: 'filling = rule(["flights", "shard"], flies, (_scope, { flights, shard })',
          put: 'filling = rule(["knowing", "flights", "shard"], flies, (_scope, { knowing, flights, shard })',
        },
        {
          find: "fill(shard, { held, holds",
          put: "fill(shard, { held: { ...held, answer: { ...held.answer, asOf: newest(knowing.view) } }, holds",
        },
      ],
    },
  },
  "as-of after the fetch": {
    configuration: "leases",
    fault: {
      file: FETCHING,
      edits: [
        LOOKS_AT_VIEW,
        {
          find: '  ["tiers", "flights", "log", "fates"],\n  flies,\n  (scope, { tiers,',
          put: '  ["knowing", "tiers", "flights", "log", "fates"],\n  flies,\n  (scope, { knowing, tiers,',
        },
        {
          find: "const { asOf, asked, sentFor, leased, validator } = stage;",
          put: "const { asked, sentFor, leased, validator } = stage;\n    const asOf = newest(knowing.view);",
        },
      ],
    },
  },
  "known-at on push": {
    configuration: "delivery",
    fault: edit(
      PULLING,
      "view !== null && knowledge.take(view, [entryOf(chain)])",
      "knowledge.take(view, [entryOf(chain)]) && Object.assign(view, { knownAt: ago(0) })",
    ),
  },
  "known-at at the reply's arrival": {
    configuration: "delivery",
    fault: edit(
      PULLING,
      "knowledge.reachedHead(view, head, ago(sentFor))",
      "knowledge.reachedHead(view, head, ago(0))",
    ),
  },
  "a page taken for the head": {
    configuration: "delivery",
    fault: edit(
      VIEW,
      "head.epoch === view.epoch && head.seq <= view.cursor && sentAt",
      "head.epoch === view.epoch && sentAt",
    ),
  },
  "cursor over a gap": {
    configuration: "delivery",
    fault: edit(
      VIEW,
      "  compact(view, limits);\n  return {",
      "  for (const { entry: { seq, hash } } of view.ahead.values())\n    if (seq > view.cursor) Object.assign(view, { cursor: seq, hash });\n  compact(view, limits);\n  return {",
    ),
  },
  "soft hides hard": {
    configuration: "delivery",
    fault: edit(
      VIEW,
      "if (newest.hard > verifiedTo.seq) return",
      "if (newest.hard > verifiedTo.seq && lastSoft(newest) < newest.hard) return",
    ),
  },
  "a verdict outlives its view": {
    configuration: "delivery",
    fault: edit(VIEW, "  view.generation += 1;\n  const mode = modeOf", "  const mode = modeOf"),
  },
  "check promoted to the own cursor": {
    configuration: "crash",
    fault: edit(
      NEAR,
      "{ position: reply.position, askedFrom: asked.askedFrom }",
      "{ position: { epoch: view.epoch, seq: view.cursor }, askedFrom: { epoch: view.epoch, seq: view.cursor } }",
    ),
  },
  "brought near as if nothing had come since": {
    configuration: "brought near",
    fault: edit(
      FLIGHTS,
      "asVerified({ ...verdict, held })",
      "{ ...asVerified({ ...verdict, held }), verifiedTo: { epoch: view.epoch, seq: scope.purges } }",
    ),
  },
  "floor skipped": {
    configuration: "crash",
    fault: edit(VIEW, "if (verifiedTo.seq < view.floor) return", "if (verifiedTo.seq < 0) return"),
  },
  "what is forgotten leaves no floor": {
    configuration: "forgetting",
    fault: edit(VIEW, "    view.floor = Math.max(view.floor, newest.hard, lastSoft(newest));\n", ""),
  },
  "a late snapshot takes back": {
    configuration: "snapshots",
    fault: edit(
      KNOWLEDGE,
      "return comparePositions(head, positionOf(old)) > 0;",
      "return head.epoch >= old.epoch;",
    ),
  },
  "fill without token compare": {
    configuration: "one fetch",
    fault: edit(SHARD, "if (!holds || before.lease === null) return", "if (holds === null) return"),
  },
  "fill without as-of compare": {
    configuration: "leases",
    fault: edit(
      SHARD,
      "if (there !== undefined && comparePositions(there, answer.asOf) > 0) return",
      "if (there === null) return",
    ),
  },
  "a lease for everybody": {
    configuration: "one fetch",
    fault: edit(SHARD, "lease !== null && !givesWay(lease, need,", "lease !== null && givesWay(lease, need,"),
  },
  "hard-purged validator revived by 304": {
    configuration: "leases",
    fault: edit(
      SEARCHING,
      'return coherence === "current" || coherence === "soft";',
      "return coherence !== null;",
    ),
  },
  "followers unchecked": {
    configuration: "followers",
    fault: edit(
      FETCHING,
      "const as = held === null ? null : servedAs(scope, view, { ...follower, held });",
      'const as = "fresh";',
    ),
  },
  "who waits is owed nothing": {
    configuration: "followers",
    fault: edit(ADMISSION, "  verifiedTo.seq >= admittedBy.position.seq;", "  verifiedTo.seq >= 0;"),
  },
  "admitted by a view of any age": {
    configuration: "followers",
    fault: edit(ADMISSION, "return age > window ? null : { position", "return age < 0 ? null : { position"),
  },
  "gossip without from": {
    configuration: "gossip",
    fault: edit(
      GOSSIP,
      "  if (old !== null) carryOver(view, old, context.limits);\n",
      "  if (old !== null) carryOver(view, old, context.limits);\n  view.floor = old?.floor ?? 0;\n",
    ),
  },
  "gossip age 0": {
    configuration: "gossip",
    fault: edit(GOSSIP, "const knownAt = earlier(sentAt, age);", "const knownAt = sentAt;"),
  },
  "what is held beyond a gap goes unasked": {
    configuration: "forks",
    fault: edit(
      KNOWLEDGE,
      "const beyond = lastAhead(view) ?? (this.unproven === null ? null : end);",
      "const beyond = null;",
    ),
  },
  "epoch forgotten": {
    configuration: "outages",
    fault: edit(
      VIEW,
      "if (verifiedTo.epoch !== view.epoch) return",
      "if (verifiedTo.epoch > view.epoch) return",
    ),
  },
  "acknowledged before logged": {
    configuration: "delivery",
    fault: edit(
      WORLD,
      "return log.purges.flatMap((purge, at) => {\n    const fate = fates[at];",
      "return [...log.purges, ...(log.accepted === null ? [] : [append(log, log.accepted).chain])].flatMap((purge, at) => {\n    const fate = fates[at];",
    ),
  },
  "a leap over a fork counts": {
    configuration: "forks",
    fault: edit(KNOWLEDGE, "if (held !== null && held !== head.hash) {", 'if (held === "") {'),
  },
  "a peer beats Redis": {
    configuration: "parted",
    fault: edit(KNOWLEDGE, "if (telling.epoch < this.highestEpoch) return", "if (telling.epoch < 0) return"),
  },
  "a forgotten view demands nothing": {
    configuration: "parted",
    fault: edit(
      KNOWLEDGE,
      "Math.max(this.highestEpoch, view.epoch + 1)",
      "Math.max(this.highestEpoch, view.epoch)",
    ),
  },
  "told before it is durable": {
    configuration: "failover",
    fault: edit(
      LOG,
      "const durable = what.replicas ? log.durable :",
      "const durable = what.replicas === null ? 0 :",
    ),
  },
  "acknowledged before replicas may tell": {
    configuration: "failover",
    fault: edit(
      REPLICAS,
      "writes: { log: { ...log, durable: kept } }",
      "writes: { log: { ...log, durable: kept }, fates: confirmedFates({ log: { ...log, durable: kept }, fates }) }",
    ),
  },
  "further than what is told is taken for lost": {
    configuration: "failover",
    fault: edit(
      LOG,
      "if (!goesOnFrom(log.chain, known.hash)) return lost();",
      "if (known.seq > log.durable || !goesOnFrom(log.chain, known.hash)) return lost();",
    ),
  },
};
