// The mutants: one fault each in the system's source, which the simulator has to notice.

export interface Fragment {
  readonly file: string;
  /** Found exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

export interface Mutant extends Fragment {
  /** The seed that caught it last, where a search may begin to save time. */
  readonly from: number;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "drop-as-of": {
    file: "edge/tiers/store-everywhere.ts",
    from: 5,
    find: "    answer: held.answer,\n    body,",
    put: "    answer: { ...held.answer, asOf: edge.view.position() ?? held.answer.asOf },\n    body,",
  },
  "as-of-after-fetch": {
    file: "edge/fetch-and-store.ts",
    from: 2,
    find: "  const exchange: Exchange = {\n    job,\n    right,",
    put: "  const exchange: Exchange = {\n    job,\n    right: { ...right, asOf: edge.view.position() },",
  },
  "known-at-on-push": {
    file: "shared/view/view-keeper.ts",
    from: 18,
    find: "    const joined = this.knowledge.take(view, entries);\n",
    put: "    const joined = this.knowledge.take(view, entries);\n    view.knownAt = this.ports.clock.now();\n",
  },
  "known-at-at-arrival": {
    file: "shared/view/pull.ts",
    from: 476,
    find: "reachedHead(view, outcome.head, sentAt)",
    put: "reachedHead(view, outcome.head, ports.clock.now())",
  },
  "shared-age-from-find": {
    file: "shared/core/shared-age.ts",
    from: 47,
    find: "return instant(Math.min(byRedis, earlier(now, found.age)));",
    put: "return byRedis > 0 ? now : instant(0);",
  },
  "shared-age-by-store": {
    file: "shared/core/shared-age.ts",
    from: 29,
    find: "return instant(Math.min(byRedis, earlier(now, found.age)));",
    put: "return earlier(now, byRedis > 0 ? found.age : found.age);",
  },
  "shared-gap-ignored": {
    file: "shared/view/shared-view.ts",
    from: 83,
    find: "knowledge.hear({ ...telling, entries, age }, lookedAt)",
    put: "knowledge.hear({ ...telling, entries: entries.slice(0, 0), cursor: view.cursor, hash: view.hash, age }, lookedAt)",
  },
  "cursor-over-gap": {
    file: "shared/core/log-view.ts",
    from: 21,
    find: "  compact(view, limits);\n  return {",
    put: "  for (const { entry: { seq, hash } } of view.ahead.values())\n    if (seq > view.cursor) Object.assign(view, { cursor: seq, hash });\n  compact(view, limits);\n  return {",
  },
  "soft-hides-hard": {
    file: "shared/core/log-view.ts",
    from: 47,
    find: "if (newest.hard > verifiedTo.seq) return",
    put: "if (newest.hard > verifiedTo.seq && lastSoft(newest) < newest.hard) return",
  },
  "floor-skipped": {
    file: "shared/core/log-view.ts",
    from: 2,
    find: "if (verifiedTo.seq < view.floor) return",
    put: "if (verifiedTo.seq < 0) return",
  },
  "followers-unchecked": {
    file: "edge/far.ts",
    from: 8,
    find: 'if (role === "leader") return serve',
    put: 'if (outcome.from === "origin") return serve',
  },
  "hard-purged-validator": {
    file: "edge/right.ts",
    from: 140,
    find: '(coherence === "current" || coherence === "soft")',
    put: "(coherence !== null)",
  },
  "fill-without-token": {
    file: "shared/mid-tier/scripts/fill.lua",
    from: 4,
    find: "if owner ~= token then return { 'refused', 'lease' } end",
    put: "granted = granted or '0'",
  },
  "unavailable-is-absent": {
    file: "shared/view/pull.ts",
    from: 6,
    find: '    if (outcome.kind === "unavailable") return "unavailable";\n    // Another',
    put: '    if (outcome.kind === "unavailable") {\n      knowledge.reachedHead(view, knowledge.joint(view), sentAt);\n      return "reached";\n    }\n    // Another',
  },
  "unchecked-is-good": {
    file: "edge/judge.ts",
    from: 5,
    find: '    case "hit":\n    case "unknown":\n    case "unavailable":',
    put: '    case "unavailable":\n      return verdict(current, input, { coherence: { kind: "current" }, now });\n    case "hit":\n    case "unknown":',
  },
  "page-is-head": {
    file: "shared/core/log-view.ts",
    from: 27,
    find: "head.epoch === view.epoch && head.seq <= view.cursor && sentAt",
    put: "head.epoch === view.epoch && sentAt",
  },
  "check-promotes-to-cursor": {
    file: "edge/judge.ts",
    from: 98,
    find: "verifiedTo: leastPosition(outcome.position, askedFrom) }",
    put: "verifiedTo: { epoch: current.epoch, seq: current.cursor } }",
  },
  "epoch-forgotten": {
    file: "shared/core/log-view.ts",
    from: 6,
    find: "if (verifiedTo.epoch !== view.epoch) return",
    put: "if (verifiedTo.epoch > view.epoch) return",
  },
  "age-since-fill": {
    file: "shared/mid-tier/scripts/fill.lua",
    from: 4,
    find: "'at', int(tonumber(granted) - tonumber(ARGV[14])),",
    put: "'at', string.format('%.0f', tonumber(redis.call('TIME')[1]) * 1000),",
  },
  "copy-born-when-copied": {
    file: "shared/mid-tier/scripts/fill.lua",
    from: 373,
    find: "local granted = ARGV[13]",
    put: "local granted = int(now_ms())",
  },
  "age-forgets-cache": {
    file: "edge/tiers/data-centre.ts",
    from: 50,
    find: "millis(then + residence)",
    put: "residence",
  },
  "broken-is-whole": {
    file: "edge/share-body.ts",
    from: 8,
    find: '    queue.fail(error);\n    return to.result.resolve({ kind: "broken" });',
    put: '    queue.fail(error);\n    return to.result.resolve({ kind: "whole", bytes: concatenate(pieces, total) });',
  },
  "damage-unnoticed": {
    file: "shared/mid-tier/shard.ts",
    from: 232,
    find: "if (bytes === null || (await digest.sha256Base64([record, bytes])) !== expected) return null;",
    put: "if (bytes === null || expected === undefined) return null;\n  await digest.sha256Base64([]);",
  },
  "variants-cross": {
    file: "edge/far.ts",
    from: 1,
    find: '  if (!variesFor(held.answer.vary, (name) => request.header(name))) return "again";\n',
    put: "",
  },
  "leases-for-all": {
    file: "shared/mid-tier/scripts/read-or-lease.lua",
    from: 2,
    find: "if not old or stands then return",
    put: "if not old and token == '' then return",
  },
  "classified-once": {
    file: "edge/router.ts",
    from: 481,
    find: "if (route.configuration === this.configuration) return true;",
    put: "if (route.configuration <= this.configuration) return true;",
  },
  "snapshot-takes-back": {
    file: "shared/view/knowledge.ts",
    from: 23,
    find: "return comparePositions(head, positionOf(old)) > 0;",
    put: "return head.epoch >= old.epoch;",
  },
  "policy-as-stored": {
    file: "shared/core/selector.ts",
    from: 54,
    find: "return more.size === 0 ? stored : [...stored, ...more];",
    put: "return more.size === 0 ? stored : stored.slice();",
  },
  "configuration-loses-nothing": {
    file: "control-plane/configuration/boot.ts",
    from: 79,
    find: "const selectors = selectorsLost({ configuration, first }, change);",
    put: "const selectors: readonly Selector[] = first ? selectorsLost({ configuration, first }, change) : [];",
  },
  "failure-is-joined": {
    file: "edge/flight.ts",
    from: 1,
    find: 'if (outcome.kind !== "answer") close',
    put: 'if (outcome.kind === "unshared") close',
  },
  "swr-drains-others": {
    file: "edge/serve.ts",
    from: 658,
    find: 'if (boarding.role === "leader") request',
    put: "request",
  },
  "acknowledged-before-logged": {
    file: "control-plane/invalidate/invalidate.ts",
    from: 27,
    find: 'if (appended.kind === "conflict" || appended.kind === "unavailable") return appended;',
    put: 'if (appended.kind === "conflict") return appended;\n  if (appended.kind === "unavailable")\n    return { kind: "accepted", id: operation.id, position: "1-1", counts, warnings, reached: false };',
  },
  "lagging-replica-read": {
    file: "shared/mid-tier/log.ts",
    from: 6,
    find: "readSince(await redis.run([sinceCommand(joint, limit)], limits.readDeadline)),",
    put: 'readSince(\n        await redis.run([["EVAL_RO", ...sinceCommand(joint, limit).slice(1)]], limits.readDeadline),\n      ),',
  },
  "put-is-stored": {
    file: "edge/writes/keep-posted.ts",
    from: 48,
    find: 'request.method !== "POST" || ',
    put: "",
  },
  "write-through-keeps-answer": {
    file: "edge/writes/keep-posted.ts",
    from: 11,
    find: 'if (route.rules.write === "write-through") return body;\n  if (request.method !== "POST" || ',
    put: 'if ((request.method !== "POST" && route.rules.write !== "write-through") || ',
  },
  "refill-vouches-for-now": {
    file: "edge/writes/write-through.ts",
    from: 11,
    find: "await flight.landed;",
    put: "await flight.landed;\n  await edge.timers.sleep(LIMITS.writeThroughPatience);\n  const there = edge.memory.find(route.rules, route.key);\n  const verifiedTo = edge.view.position();\n  if (there !== undefined && verifiedTo !== null) there.held = { ...there.held, verifiedTo };",
  },
  "posted-beside-others": {
    file: "edge/writes/keep-posted.ts",
    from: 16,
    find: "return hitOnlyAt(view, selectors, { since: asOf, entry: position });",
    put: "return selectors.length > 0;",
  },
  "parts-newest-as-of": {
    file: "edge/parts.ts",
    from: 340,
    find: "const asOf = leastPosition(a.asOf, b.asOf);",
    put: "const asOf = leastPosition(a.asOf, b.asOf) === a.asOf ? b.asOf : a.asOf;",
  },
  "fill-over-newer": {
    file: "shared/mid-tier/scripts/fill.lua",
    from: 52,
    find: "  return { 'refused', 'as-of' }\n",
    put: "  there_seq = seq\n",
  },
  "promotion-resets-age": {
    file: "edge/tiers/store-everywhere.ts",
    from: 2,
    find: "): MemoryAnswer => ({\n  held,",
    put: "): MemoryAnswer => ({\n  held: { ...held, bornAt: edge.clock.now() },",
  },
  "uncacheable-serialised": {
    file: "edge/settle.ts",
    from: 3,
    find: 'const concerned: Concerned = isOfOne ? "nobody" : concernedBy(exchange);',
    put: 'const concerned: Concerned = isOfOne || !isOfOne ? "nobody" : concernedBy(exchange);',
  },
  "gossip-without-from": {
    file: "shared/core/gossip.ts",
    from: 30,
    find: "const view = viewOfSnapshot(snapshot, nothingKnown, context.generation);",
    put: "const view = {\n    ...viewOfSnapshot(snapshot, nothingKnown, context.generation),\n    floor: old?.epoch === epoch ? old.floor : from,\n  };",
  },
  "gossip-age-zero": {
    file: "shared/core/gossip.ts",
    from: 93,
    find: "age: knownAge(view, by.now),",
    put: "age: millis(0),",
  },
  "position-not-reached": {
    file: "edge/min-position.ts",
    from: 11,
    find: "position.seq >= least.seq",
    put: "position.seq >= 0",
  },
  "write-without-site": {
    file: "edge/writes/tell-log.ts",
    from: 70,
    find: "view === null || !edge.router.isConfigured",
    put: "view === null",
  },
  "write-named-as-known": {
    file: "edge/writes/unsent.ts",
    from: 798,
    find: "of: named.some(({ byRecipe }) => byRecipe) ?",
    put: "of: named.some(({ byRecipe }) => byRecipe && by.wide) ?",
  },
  "tokens-from-nowhere": {
    file: "shared/mid-tier/scripts/take.lua",
    from: 1,
    find: "if granted or bucket.back then",
    put: "if (granted and wait == 0) or bucket.back then",
  },
  "share-unbounded": {
    file: "shared/core/token-bucket.ts",
    from: 4,
    find: "  bucket.left = after;\n",
    put: "",
  },
  "retries-unbounded": {
    file: "edge/origin/guard.ts",
    from: 1,
    find: " && mayRetry(this.retries, this.clock.now(), this.retryLimits())",
    put: "",
  },
  "pushed-is-applied": {
    file: "control-plane/invalidate/fan-out.ts",
    from: 32,
    find: 'answer.kind === "unreachable" ? null :',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    put: 'answer.kind === "unreachable" ? { edge: edge.id, position: `${entry.epoch}-${entry.seq}` } :',
  },
  "fenced-at-once": {
    file: "control-plane/invalidate/fence.ts",
    from: 14,
    find: "Math.max(forgotten, ...ends) + LIMITS.fenceSlack",
    put: "Math.min(forgotten, ...ends) + LIMITS.fenceSlack",
  },
};
