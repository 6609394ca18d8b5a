// The journal's mutants: one fault each in the system's source, which a named test has to notice.

export interface Mutant {
  readonly file: string;
  /** Found exactly once in the file. */
  readonly find: string;
  readonly put: string;
  readonly caughtBy: { readonly file: string; readonly test: string };
}

const CONTRACT = "test/contract/write-back.test.ts";
const DELIVERY = "test/contract/write-back-delivery.test.ts";
const TOLD = "test/contract/journal-told.redis.test.ts";
const REFUSALS = "test/contract/journal-refusals.redis.test.ts";
const OLDER = "test/contract/journal-older.redis.test.ts";
const EDGES = "test/contract/journal-older-edges.test.ts";
const PLAYED = "test/contract/journal-older-played.test.ts";

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "a claim without its fence": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "if o[1] ~= fence or o[3] then return end",
    put: "if not o[4] or o[3] then return end",
    caughtBy: {
      file: CONTRACT,
      test: "is heard no more after its claim has ended, not even of what somebody else carries by now",
    },
  },
  "merged with what is on its way": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "is_unsent = not t[1] and",
    put: "is_unsent =",
    caughtBy: {
      file: CONTRACT,
      test: "gets one write for several of a key that it had not been sent yet",
    },
  },
  "dropped without an invalidation": {
    file: "control-plane/api/journal.ts",
    find: "body: { site, urls: [url],",
    put: 'body: { site, urls: [url + "/another"],',
    caughtBy: { file: CONTRACT, test: "of a write that is given up nothing older is served" },
  },
  "delivered by an edge that knows no origins": {
    file: "edge/writes/flush.ts",
    find: "  if (!edge.router.isConfigured) return;\n",
    put: "",
    caughtBy: {
      file: CONTRACT,
      test: "an edge that has just begun learns whose the origins are before it delivers, and delivers nothing where it can't",
    },
  },
  "all deliveries waited for": {
    file: "edge/writes/flush.ts",
    find: "    if (run.sent.length + run.results.length + kicked.size > 0) break;\n",
    put: "",
    caughtBy: {
      file: DELIVERY,
      test: "holds up no other key's, however long it does, and nobody has to look after these",
    },
  },
  "no lane ever full": {
    file: "edge/writes/flushing.ts",
    find: "except: full }",
    put: "except: full.slice(full.length) }",
    caughtBy: { file: DELIVERY, test: "nor another site's, however many of one hang" },
  },
  "fences ahead of the clock": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "tonumber(time[1]) * 1000000 + tonumber(time[2])",
    put: "now",
    caughtBy: {
      file: "test/contract/journal-repeats.redis.test.ts",
      test: "a burst of claims leaves no fence that a copy from before it would not exceed a moment later",
    },
  },
  "an older copy's instant by a fence in other units": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "comes_back_older(math.floor(tonumber(fence) / 1000))",
    put: "comes_back_older(fence)",
    caughtBy: {
      file: OLDER,
      test: "what it was told under a claim that it does not know is a delivery that it lacks",
    },
  },
  "one lane for what is new and what has failed": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "(of[2] == '0' and 'new ' or 'again ')",
    put: "'new '",
    caughtBy: { file: DELIVERY, test: "once it has failed, holds up nothing that is new of its site" },
  },
  "delivered again as another write": {
    file: "edge/writes/deliver.ts",
    find: '...operation.headers, ["idempotency-key",',
    put: '...operation.headers, ["another-key",',
    caughtBy: { file: CONTRACT, test: "that took a write without saying so takes it once" },
  },
  "accepted again as another write": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "    return { 'accepted', known[2], known[3] }",
    put: "",
    caughtBy: { file: CONTRACT, test: "is the same write, and another one under the same key is refused" },
  },
  "refused, and not withdrawn": {
    file: "shared/mid-tier/scripts/journal-withdraw-prelude.lua",
    find: "if redis.call('HGET', 'tg:jv:' .. digest, 'o') == id then forget(digest) end",
    put: "",
    caughtBy: { file: REFUSALS, test: "taken when it is tried again, it leaves nothing behind" },
  },
  "refused, and more than its own value withdrawn": {
    file: "shared/mid-tier/scripts/journal-withdraw-prelude.lua",
    find: "if redis.call('HGET', 'tg:jv:' .. digest, 'o') == id then forget(digest) end",
    put: "forget(digest)",
    caughtBy: {
      file: REFUSALS,
      test: "a value that was written since stays, and is read when nothing refused is before it",
    },
  },
  "refused, and read again when what came after it is dropped": {
    file: "shared/mid-tier/scripts/journal-change.lua",
    find: "if t[6] or is_older(",
    put: "if is_older(",
    caughtBy: {
      file: REFUSALS,
      test: "it does not count again when what was written after it is dropped, tried again or not",
    },
  },
  "refused after it may have been taken, and the log not told": {
    file: "edge/writes/deliver.ts",
    find: "earlier: tries > 1 ||",
    put: "earlier:",
    caughtBy: { file: CONTRACT, test: "and may have taken before, without saying so, leaves nothing older" },
  },
  "refused in the place of what may have been taken, and the log not told": {
    file: "edge/writes/deliver.ts",
    find: "tries > 1 || maybeTaken ?",
    put: "tries > 1 ?",
    caughtBy: {
      file: EDGES,
      test: "the log is told of what took its place and was refused, since the origin may have had it",
    },
  },
  "sent again before it was parked, and kept as if nothing had come after it": {
    file: "shared/mid-tier/scripts/journal-change.lua",
    find: "  if is_older(o[7], o[8], older) then withdraw_older(digest, id, KEYS[1]) end\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "sent again by somebody who looked, it goes to the origin, parked by then or not",
    },
  },
  "refused twice, and the log told once": {
    file: "edge/writes/deliver.ts",
    find: "operationId: tellingOf(operation)",
    put: "operationId: operation.id",
    caughtBy: { file: CONTRACT, test: "and may have taken before, without saying so, leaves nothing older" },
  },
  "read behind what was refused": {
    file: "shared/mid-tier/scripts/journal-read.lua",
    find: "if hidden or not f[1] then",
    put: "if not f[1] then",
    caughtBy: { file: CONTRACT, test: "keeps what was written behind it from being read" },
  },
  "compared with what waits behind what was refused": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "or waits_for_decision(digest) then",
    put: "then",
    caughtBy: {
      file: REFUSALS,
      test: "a condition can't be compared with it any more, nor with what waits behind it",
    },
  },
  "the newest of a key first": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "local id = redis.call('LINDEX', 'tg:jk:' .. digest, '0')",
    put: "local id = redis.call('LINDEX', 'tg:jk:' .. digest, '-1')",
    caughtBy: {
      file: CONTRACT,
      test: "gets each key's writes one after another, in the order of their acknowledgements",
    },
  },
  "kept by the edge beside the journal": {
    file: "edge/writes/flush.ts",
    find: 'if (sent.kind === "refused" || references.length + groups.length > 0) edge',
    put: "edge",
    caughtBy: {
      file: CONTRACT,
      test: "of what the log can't be told of deliveries, the edge keeps what the journal does not remember",
    },
  },
  "a refusal that nobody has the log told of": {
    file: "edge/writes/flush.ts",
    find: 'if (sent.kind === "refused" ||',
    put: "if (",
    caughtBy: {
      file: CONTRACT,
      test: "is withdrawn also where the log can't be told that it may have been taken before",
    },
  },
  "carried by what the edge has heard alone": {
    file: "edge/writes/deliver.ts",
    find: "known === null || toldBefore === null ? known : greatestPosition(known, toldBefore);",
    put: "toldBefore === null ? known : known;",
    caughtBy: { file: CONTRACT, test: "is read on after each delivery, and the origin is not asked for it" },
  },
  "a write judged by its last try": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "  if noted[1] and noted[1] ~= NOT_ASKED then return noted[1], noted[2] end\n",
    put: "",
    caughtBy: {
      file: CONTRACT,
      test: "that took a write without saying so, and has something newer since, is read when it says so",
    },
  },
  "where the log was told forgotten with the value": {
    file: "shared/mid-tier/scripts/journal-prelude.lua",
    find: "  if not kept then forget(digest) end\n",
    put: "  if not kept then\n    forget(digest)\n    return\n  end\n",
    caughtBy: { file: CONTRACT, test: "is read on again after a write that something else has hit" },
  },
  "where the log was told not handed on to what waits": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "      redis.call('HSET', 'tg:jo:' .. next, 've', first, 'vs', second)\n",
    put: "",
    caughtBy: {
      file: TOLD,
      test: "it is known where the next one was written before the delivery, or took the place of one that was",
    },
  },
  "hit by something else, and kept": {
    file: "shared/mid-tier/scripts/journal-prelude.lua",
    find: "local kept = alone and v[1] == id",
    put: "local kept = v[1] == id",
    caughtBy: {
      file: CONTRACT,
      test: "is the origin's where an invalidation came upon it while it was being delivered",
    },
  },
  "delivered, and counted twice": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "    move('pending', 'delivered', o[2])\n",
    put: "    move('pending', 'delivered', o[2])\n    redis.call('HINCRBY', FIGURES, 'delivered', '1')\n",
    caughtBy: {
      file: CONTRACT,
      test: "gets one write for several of a key that it had not been sent yet",
    },
  },
  "decided, whether replicas have it or not": {
    file: "shared/mid-tier/journal-change.ts",
    find: 'return replicasOf(outcome) < replicas ? { kind: "unreplicated" } : { kind };',
    put: "return { kind };",
    caughtBy: {
      file: REFUSALS,
      test: "what is decided counts when replicas have it, and is done where too few do",
    },
  },
  "parked, and never to be dropped": {
    file: "shared/mid-tier/scripts/journal-change.lua",
    find: "and o[6] and not o[4] then",
    put: "and o[6] then",
    caughtBy: {
      file: REFUSALS,
      test: "what the origin has is not dropped while the log is being told, and once it is parked it is",
    },
  },
  "an older copy handed out": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "if not of[4] and is_older(of[5], of[9], older)",
    put: "if false",
    caughtBy: {
      file: OLDER,
      test: "what is written afterwards is delivered and shown; of its key, once somebody has decided",
    },
  },
  "an older copy shown until it is parked": {
    file: "shared/mid-tier/scripts/journal-prelude.lua",
    find: "local older = is_older(o[2], o[3], older_until())",
    put: "local older = false",
    caughtBy: { file: OLDER, test: "from the beat that finds it on it is not shown, parked or not" },
  },
  "an older copy hidden, and what was stored before it shown": {
    file: "shared/mid-tier/scripts/journal-read.lua",
    find: "return { 'held' }",
    put: "return { 'absent' }",
    caughtBy: {
      file: EDGES,
      test: "is read from the origin, and not from what was stored before it was written",
    },
  },
  "an older copy not told by who has delivered": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "and told_at < tonumber(ARGV[10]) then",
    put: "and false then",
    caughtBy: {
      file: OLDER,
      test: "a delivery alone that is lacking is enough: what has passed the journal since would be undone",
    },
  },
  "an older copy not told by a claim that it does not know": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "    if is_lost then comes_back_older(math.floor(tonumber(fence) / 1000)) end\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "what it was told under a claim that it does not know is a delivery that it lacks",
    },
  },
  "a later state of it sent in vain": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "    note_lost_try(digest, id, op, is_same)\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "what the origin may have taken of a later state of it is not undone, and holds nothing else",
    },
  },
  "a later state of it known by numbers alone": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: " or o[6] and not is_same",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "what the origin may have taken of a later state of it is not undone, and holds nothing else",
    },
  },
  "in the place of what may have been taken, and at once": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "    redis.call('HSET', op, 'lost', int(now))\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "what the origin may have taken of a later state of it is not undone, and holds nothing else",
    },
  },
  "as for the first time what may have been taken": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "if not se or se == NOT_ASKED then redis.call('HSET', op, 'se', '', 'ss', '') end",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "as it was when the origin may have taken it, it is sent again, and not as for the first time",
    },
  },
  "an older copy that no edge notices": {
    file: "edge/writes/flush.ts",
    find: "if (outcome.toldAt !== null) flushing.teller =",
    put: "if (outcome.toldAt === 0) flushing.teller =",
    caughtBy: { file: PLAYED, test: "the origin's values never go back" },
  },
  "forgetful of what was told since": {
    file: "edge/writes/flushing.ts",
    find: "toldAt: Math.max(at, toldAt ?? at),",
    put: "toldAt: at > (toldAt ?? 0) ? at : at,",
    caughtBy: { file: DELIVERY, test: "a reply that comes late takes nothing back of what was told since" },
  },
  "an older copy held although no delivery is lacking": {
    file: "shared/mid-tier/scripts/journal-tend.lua",
    find: "local forgets = lacks and marked_delivered < tonumber(ARGV[7]) or",
    put: "local forgets = lacks or",
    caughtBy: {
      file: OLDER,
      test: "where no delivery is lacking, what waits goes on waiting, and is shown",
    },
  },
  "parked again after somebody has decided": {
    file: "shared/mid-tier/scripts/journal-change.lua",
    find: "  redis.call('HSET', KEYS[1], 'decided', younger(now, older))\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "sent again by somebody who looked, it goes to the origin, parked by then or not",
    },
  },
  "older only as far as a clock that is behind": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "older = math.max(older, tonumber(than))",
    put: "older = math.max(older, math.min(tonumber(than), now))",
    caughtBy: {
      file: OLDER,
      test: "where its clock is behind, all that it has is held, and what comes after is not",
    },
  },
  "written as long ago as a clock that is behind says": {
    file: "shared/mid-tier/scripts/journal-prelude.lua",
    find: "return int(math.max(now, older + 1))",
    put: "return int(now)",
    caughtBy: {
      file: OLDER,
      test: "where its clock is behind, all that it has is held, and what comes after is not",
    },
  },
  "merged with what is of an older copy": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "not t[1] and not is_older(t[4], t[5], older)",
    put: "not t[1]",
    caughtBy: { file: OLDER, test: "nor is anything merged with what waits behind that, and is of the copy" },
  },
  "in the place of what the origin has refused": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "stands = o[2] and not o[3] or o[4]",
    put: "stands = o[4]",
    caughtBy: {
      file: OLDER,
      test: "what the origin has refused is none that a write takes the place of",
    },
  },
  "merged before the copy was found, and of it": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "  redis.call('HSET', name, 'at', written_at)\n",
    put: "",
    caughtBy: {
      file: OLDER,
      test: "one that is merged with it before anybody has found it is none of the copy",
    },
  },
  "in the place of what is on its way": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: " or o[4] or o[5] or tonumber(o[6] or '0') > older end",
    put: " end",
    caughtBy: { file: OLDER, test: "nor one that somebody has sent again" },
  },
  "beside what may still be on its way": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "replaced and int(math.max(at, found + tonumber(ARGV[22]))) or now",
    put: "now",
    caughtBy: {
      file: OLDER,
      test: "what it replaces may be on its way: it is due when no claim from before can be",
    },
  },
  "in the place of what was sent since": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "local stands = o[8]",
    put: "local stands = false",
    caughtBy: { file: OLDER, test: "nor what was written since and has been sent" },
  },
  "behind what is of an older copy for good": {
    file: "shared/mid-tier/scripts/journal-accept.lua",
    find: "local stands = o[8]",
    put: "local stands = true",
    caughtBy: { file: PLAYED, test: "where writes are merged, nothing stands still" },
  },
  "delivered once more, and the log told once": {
    file: "edge/writes/deliver.ts",
    find: "`;\n\n/** Never rejects. Ends before its claim does. */",
    put: "`.slice(0, id.length);\n\n/** Ends before its claim does. */",
    caughtBy: { file: PLAYED, test: "sent again, it is told to the log once more" },
  },
  "parked one after another": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "ipairs(redis.call('LRANGE', 'tg:jk:' .. digest, '0', '-1'))",
    put: "ipairs(redis.call('LRANGE', 'tg:jk:' .. digest, '0', '0'))",
    caughtBy: { file: OLDER, test: "all of a key's are parked at once, each of them to be decided about" },
  },
  "due although it is parked": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "  if of[7] then\n",
    put: "  if false then\n",
    caughtBy: { file: OLDER, test: "all of a key's are parked at once, each of them to be decided about" },
  },
  "told anew by each claim of what the origin has": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "of[4] and (of[8] or fence) or ''",
    put: "of[4] and fence or ''",
    caughtBy: {
      file: OLDER,
      test: "what the origin has is one telling, however often the log can't be told",
    },
  },
  "tellings at one instant": {
    file: "shared/mid-tier/scripts/journal-claim.lua",
    find: "told_at = math.max(told_at + 1, now)",
    put: "told_at = math.max(told_at, now)",
    caughtBy: {
      file: OLDER,
      test: "nor does such a clock hide one: each telling is later than the one before it",
    },
  },
};
