// What the control plane can say of a program's own key: who of the table governs it, and where to ask for the rest.

import { concernsNamespace, matchesPattern } from "../../shared/core/pattern.ts";
import type { Routing } from "../../shared/core/routing.ts";
import { parseValueUrl, placeOfKey } from "../../shared/core/value-key.ts";

/**
 * No edge holds values, and no site is in their names: which class a program keeps one by, and whether it holds one, it
 * alone knows. The URL begins with the scheme of values.
 */
export function whereToAsk(url: string, routing: Routing, isSeen: (site: string) => boolean): string {
  const named = parseValueUrl(url);
  if (named === null) return "must be tidegate://<namespace>/<key>, percent-encoded, or an http(s) URL";
  const { namespace, key } = named;
  const { host, pathAndQuery: path } = placeOfKey(namespace, key);
  const governing = [...routing.policies].flatMap(([site, rows]) => {
    const first = rows
      .map(({ policy }) => policy)
      .find(({ pattern }) => concernsNamespace(pattern, namespace) && matchesPattern(pattern, host, path));
    return first === undefined || !isSeen(site)
      ? []
      : [`${first.id} (class ${first.class}) of the site ${site}`];
  });
  const table =
    governing.length === 0
      ? "no policy of the table governs it"
      : `of the table it is governed by ${governing.join(", ")}`;
  return (
    `is a program's own key, which no edge serves; ${table}. Ask a program of the namespace ${namespace}: ` +
    `cache.explain(${JSON.stringify(key)}) says who governs it there, cache.read(${JSON.stringify(key)}) what it gets`
  );
}
