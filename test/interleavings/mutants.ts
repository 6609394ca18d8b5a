// The mutants: one fault each in a script's text, which some schedule has to show.

import { compactScript } from "../../shared/mid-tier/script.ts";
import APPEND from "../../shared/mid-tier/scripts/append.lua";
import CHECK from "../../shared/mid-tier/scripts/check.lua";
import FILL from "../../shared/mid-tier/scripts/fill.lua";
import LOG_PRELUDE from "../../shared/mid-tier/scripts/log-prelude.lua";
import READ_OR_LEASE from "../../shared/mid-tier/scripts/read-or-lease.lua";
import RELEASE from "../../shared/mid-tier/scripts/release.lua";
import SINCE from "../../shared/mid-tier/scripts/since.lua";
import SNAPSHOT from "../../shared/mid-tier/scripts/snapshot.lua";
import VERIFIED from "../../shared/mid-tier/scripts/verified.lua";
import type { Rewrite } from "./database.ts";
import type { Property } from "./truth.ts";

export interface Mutant {
  readonly script: string;
  /** Found exactly once in the script. */
  readonly find: string;
  readonly put: string;
  /** The scenario that shows it, and the property that it breaks there. */
  readonly scenario: string;
  readonly breaks: Property;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "fill-without-token": {
    script: FILL,
    find: "if owner ~= token then return { 'refused', 'lease' } end",
    put: "granted = granted or '0'",
    scenario: "purges",
    breaks: "fills need the right",
  },
  "fill-without-as-of": {
    script: FILL,
    find: "if there_epoch and there_seq and (",
    put: "if there_epoch and there_seq and false and (",
    scenario: "purges",
    breaks: "fills need the right",
  },
  "fill-refuses-equal-as-of": {
    script: FILL,
    find: "there_seq > seq",
    put: "there_seq >= seq",
    scenario: "checks",
    breaks: "rightful fills are kept",
  },
  "fill-keeps-the-lease": {
    script: FILL,
    find: "redis.call('DEL', KEYS[2])\n",
    put: "",
    scenario: "purges",
    breaks: "no wait for nothing",
  },
  "retried-fill-not-known": {
    script: FILL,
    find: "if e[1] == id and (MAP == 0 or e[5] == LIFE) then return { 'stored', '0' } end",
    put: "",
    scenario: "lost replies",
    breaks: "retries repeat",
  },
  "granted-at-the-fill": {
    script: FILL,
    find: "'at', int(tonumber(granted) - tonumber(ARGV[14])),",
    put: "'at', string.format('%.0f', tonumber(redis.call('TIME')[1]) * 1000),",
    scenario: "soft and hard",
    breaks: "ages grow",
  },
  "as-of-beyond": {
    script: FILL,
    find: "'as', ARGV[4],",
    put: "'as', string.format('%.0f', seq + 1),",
    scenario: "purges",
    breaks: "as-of is past",
  },
  "variant-in-its-resource's-place": {
    script: FILL,
    find: "redis.call('HSET', KEYS[3], 'vary', mark, 'life', LIFE, 'q', q.class)",
    put: "for _, f in ipairs({ 'id', 'ae', 'as', 've', 'vs', 'at', 'm', 'b', 'd' }) do redis.call('HSET', KEYS[3], f, redis.call('HGET', KEYS[1], f)) end",
    scenario: "variants",
    breaks: "no crossing",
  },
  "displaces-itself": {
    script: FILL,
    find: "variant ~= KEYS[1] and",
    put: "",
    scenario: "variants",
    breaks: "rightful fills are kept",
  },
  "need-ignored": {
    script: READ_OR_LEASE,
    find: "local old = not owner or epoch < need_epoch or (epoch == need_epoch and seq < need_seq)",
    put: "local old = not owner",
    scenario: "purges",
    breaks: "no wait for nothing",
  },
  "need-of-another-epoch-ignored": {
    script: READ_OR_LEASE,
    find: "epoch < need_epoch or (",
    put: "(",
    scenario: "purges",
    breaks: "no wait for nothing",
  },
  "taken-over-again-and-again": {
    script: READ_OR_LEASE,
    find: "if not old or stands then return",
    put: "if not old then return",
    scenario: "purges",
    breaks: "one holder",
  },
  "never-taken-over": {
    script: READ_OR_LEASE,
    find: "redis.pcall('GET', KEYS[2]), ''",
    put: "redis.pcall('GET', KEYS[2]), ' overtaking'",
    scenario: "purges",
    breaks: "no wait for nothing",
  },
  "leases-for-all": {
    script: READ_OR_LEASE,
    find: "if not old or stands then return",
    put: "if (not old or stands) and token == '' then return",
    scenario: "purges",
    breaks: "one holder",
  },
  "lease-without-an-end": {
    script: READ_OR_LEASE,
    find: "int(now) .. how, 'PX', ARGV[6])",
    put: "int(now) .. how)",
    scenario: "a holder is gone",
    breaks: "everybody ends",
  },
  "own-lease-not-known": {
    script: READ_OR_LEASE,
    find: "if owner and owner == token then return { 'leased', corrupt, settled(), int(now) } end",
    put: "",
    scenario: "lost replies",
    breaks: "no wait for nothing",
  },
  "unwanted-answer-again": {
    script: READ_OR_LEASE,
    find: "if f[1] and f[1] ~= ARGV[7] then",
    put: "if f[1] then",
    scenario: "checks",
    breaks: "replies make sense",
  },
  "no-marker-left": {
    script: RELEASE,
    find: "redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])",
    put: "redis.call('SET', KEYS[1], held or '', 'PX', ARGV[2])",
    scenario: "unshareable",
    breaks: "no wait for nothing",
  },
  "marker-for-ever": {
    script: RELEASE,
    find: "ARGV[3], 'PX', ARGV[2])",
    put: "ARGV[3])",
    scenario: "unshareable",
    breaks: "no wait for the unshareable",
  },
  "marker-taken-away": {
    script: RELEASE,
    find: "if held and string",
    put: "if held and held ~= 'uncacheable' and held ~= 'failing' and string",
    scenario: "unshareable",
    breaks: "no wait for the unshareable",
  },
  "released-by-anybody": {
    script: RELEASE,
    find: "~= ARGV[1] then return { 'other' } end",
    put: "== '' then return { 'other' } end",
    scenario: "unshareable",
    breaks: "rightful fills are kept",
  },
  "since-takes-another-head": {
    script: SINCE,
    find: "if hash ~= known then",
    put: "if not known then",
    scenario: "failover",
    breaks: "losses are noticed",
  },
  "since-joins-another-chain": {
    script: SINCE,
    find: "  if s == seq + 1 and string.sub(entry, 1, #hash + 1) ~= hash .. ' ' then return lost() end\n",
    put: "",
    scenario: "failover",
    breaks: "losses are noticed",
  },
  "since-takes-a-later-one": {
    script: SINCE,
    find: "if hash ~= known then",
    put: "if known and hash ~= known then",
    scenario: "failover",
    breaks: "losses are noticed",
  },
  "since-mistrusts-its-head": {
    script: SINCE,
    find: "if hash ~= known then",
    put: "if hash ~= known or seq > 0 then",
    scenario: "failover",
    breaks: "no false alarm",
  },
  "loss-begins-no-epoch": {
    script: SINCE,
    find: "  begin_epoch(math.max(epoch, head.epoch))\n",
    put: "",
    scenario: "failover",
    breaks: "losses are noticed",
  },
  "epoch-not-raised": {
    script: LOG_PRELUDE,
    find: "math.max(now_ms(), highest_known + 1)",
    put: "math.max(1, highest_known)",
    scenario: "purges",
    breaks: "epochs are new",
  },
  "snapshot-forgets-what-is-known": {
    script: SNAPSHOT,
    find: "begin_epoch(tonumber(ARGV[1]))",
    put: "begin_epoch(0 - now_ms())",
    scenario: "clock behind",
    breaks: "losses are noticed",
  },
  "append-not-idempotent": {
    script: APPEND,
    find: "if seen then",
    put: "if false then",
    scenario: "lost replies",
    breaks: "retries repeat",
  },
  "append-not-indexed": {
    script: APPEND,
    find: "    hard = seq\n",
    put: "    hard = 0\n",
    scenario: "soft and hard",
    breaks: "no resurrection",
  },
  "check-hides-hard": {
    script: CHECK,
    find: "if tonumber(hard) > seq then",
    put: "if tonumber(hard) > seq and tonumber(s2) == 0 then",
    scenario: "soft and hard",
    breaks: "no resurrection",
  },
  "check-ignores-soft": {
    script: CHECK,
    find: "if soft_since then",
    put: "if soft_since and false then",
    scenario: "soft and hard",
    breaks: "soft is seen",
  },
  "lost-index-passes-for-empty": {
    script: CHECK,
    find: " or not index_is_whole(head)",
    put: "",
    scenario: "index lost",
    breaks: "no resurrection",
  },
  "index-forgets-what-it-lost": {
    script: APPEND,
    find: "  head.pruned = head.seq\n",
    put: "",
    scenario: "index lost",
    breaks: "no resurrection",
  },
  "soft-since-the-last": {
    script: CHECK,
    find: "if tonumber(s1) > seq then at = tonumber(t1) elseif",
    put: "if",
    scenario: "soft marks",
    breaks: "soft is seen",
  },
  "soft-merged-to-the-later": {
    script: APPEND,
    find: "(s1 == 0) and t2 or t1",
    put: "t2",
    scenario: "soft marks",
    breaks: "soft is seen",
  },
  "verified-of-a-successor": {
    script: VERIFIED,
    find: "if e[1] ~= ARGV[1] then return { 'other' } end\n",
    put: "",
    scenario: "checks",
    breaks: "verified is true",
  },
  "verified-goes-back": {
    script: VERIFIED,
    find: "(there_epoch == epoch and there_seq >= seq)",
    put: "(there_epoch == epoch and there_seq > seq + 1)",
    scenario: "checks",
    breaks: "no going back",
  },
};

/** Throws where the fragment is not found exactly once: a mutant of a line that is gone would prove nothing. */
export function rewriteOf(name: string): Rewrite {
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new Error(`no such mutant: ${name}`);
  const { script, find, put } = mutant;
  const parts = script.split(find);
  if (parts.length !== 2)
    throw new Error(`${name}: its fragment is ${parts.length - 1} times in the script, not once`);
  const mutated = parts.join(put);
  // The log's scripts are sent with their prelude before them, the shards' without their comments.
  return (text) =>
    text.includes(script)
      ? text.replace(script, () => mutated)
      : text.replace(compactScript(script), () => compactScript(mutated));
}
