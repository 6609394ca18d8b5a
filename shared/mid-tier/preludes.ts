// What scripts begin with that share it: joined once, since a text joined anew at each call is hashed anew by whoever looks it up.

import { compact } from "./script.ts";
import AUDIT_PRELUDE from "./scripts/audit-prelude.lua";
import journalPrelude from "./scripts/journal-prelude.lua";
import journalWithdrawPrelude from "./scripts/journal-withdraw-prelude.lua";
import NUMBER_PRELUDE from "./scripts/number-prelude.lua";
import shardPrelude from "./scripts/shard-prelude.lua";

export { AUDIT_PRELUDE, NUMBER_PRELUDE };
export const SHARD_PRELUDE = compact(NUMBER_PRELUDE + shardPrelude);
export const JOURNAL_PRELUDE = compact(NUMBER_PRELUDE + journalPrelude);
export const JOURNAL_WITHDRAW_PRELUDE = JOURNAL_PRELUDE + compact(journalWithdrawPrelude);
