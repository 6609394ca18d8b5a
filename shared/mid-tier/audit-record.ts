// What a record of the audit log says, as text and as it is read; nothing secret is in it.

import { withoutSecrets } from "../core/secret-values.ts";
import { shownSelector } from "../core/selector.ts";
import type { AuditFacts } from "../ports/asked.ts";
import type { AuditEntry, AuditRecord, AuditResult } from "../ports/audit-log.ts";
import type { AppendQuery } from "../ports/mid-tier.ts";
import { parseJson } from "../wire/json.ts";

/** Selectors that the record of an invalidation names; how many there are in all it says too. */
const NAMED = 10;
/** Characters of one text in a record: enough for a reason. */
const TEXT = 500;
/** Facts of one record. */
const FACTS = 20;

/** Everything but where it stands in the chain, as one line. */
export function bodyOf({ actor, token, from, action, site, detail, result, requestId }: AuditEntry): string {
  return JSON.stringify({ actor, token, from, action, site, detail: cleaned(detail), result, requestId });
}

/** The record of an entry of the log is written with the entry itself. */
export function bodyOfAppend(query: AppendQuery): string {
  const { actor, action, payload, facts = {}, asked } = query;
  const { token = null, from = null, requestId = null } = asked ?? {};
  const common = { actor, token, from, action, requestId };
  const noted = query.facts === undefined && query.detail !== "" ? { note: query.detail } : facts;
  if (payload.kind === "config") {
    const { site = null, ...detail } = noted;
    const lost = payload.selectors.length === 0 ? {} : { invalidates: payload.selectors.length };
    const named = { ...detail, ...(query.facts === undefined ? { field: payload.field } : {}), ...lost };
    return bodyOf({ ...common, site: typeof site === "string" ? site : null, detail: named, result: "done" });
  }
  const { selectors, mode } = payload;
  const site = selectors[0]?.split(" ", 1)[0] ?? null;
  const named = selectors.slice(0, NAMED).map(readable);
  const detail = { id: query.operationId, mode, selectors: selectors.length, named, ...noted };
  return bodyOf({ ...common, site, detail, result: "accepted" });
}

/** `url shop.example/a?b=1`, without the site, which the record says. */
function readable(selector: string): string {
  const shown = shownSelector(selector);
  return shown === null ? selector : `${shown.kind} ${shown.value}`.trimEnd();
}

function cleaned(facts: AuditFacts): AuditFacts {
  const clean = (text: string): string => withoutSecrets(text).slice(0, TEXT).toWellFormed();
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, FACTS)
      .map(([name, value]) => {
        if (typeof value === "string") return [name, clean(value)];
        return [name, Array.isArray(value) ? value.slice(0, FACTS).map(clean) : value];
      }),
  );
}

/** `seq previous hash at position body`, as the scripts write it; null where that can't be read. */
export function readRecord(text: string): AuditRecord | null {
  const match = /^(\d{1,16}) (\S+) ([0-9a-f]{40}) (\d{1,16}) (\S+) (.*)$/s.exec(text);
  const body = parseJson(match?.[6] ?? "") as Partial<AuditEntry> | null;
  if (match === null || typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const textIn = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const { actor, token, from, action, site, detail, result, requestId } = body;
  return {
    ...{ seq: Number(match[1]), at: Number(match[4]), hash: match[3] ?? "" },
    position: match[5] === "-" ? null : (match[5] ?? null),
    ...{ actor: textIn(actor) ?? "", token: textIn(token), from: textIn(from), action: textIn(action) ?? "" },
    ...{ site: textIn(site), requestId: textIn(requestId), result: (result ?? "failed") as AuditResult },
    detail: typeof detail === "object" && detail !== null ? detail : {},
  };
}
