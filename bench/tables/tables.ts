// The tables of the documentation that are made from results, by the name of their place: `NAME` or `NAME/part`.

import { existsSync, readFileSync } from "node:fs";
import { clientTables } from "./client.ts";
import { commandsTables } from "./commands.ts";
import { crowdTables } from "./crowd.ts";
import { evictionTables } from "./eviction.ts";
import { growthTables } from "./growth.ts";
import { hitTables } from "./hit.ts";
import { hotClassTables } from "./hot-class.ts";
import { journalTables } from "./journal.ts";
import { largeTables } from "./large.ts";
import { metricsTables } from "./metrics.ts";
import { missTables } from "./miss.ts";
import { outageTables } from "./outage.ts";
import { purgeTables } from "./purge.ts";
import { refreshTables } from "./refresh.ts";
import type { Tables } from "./render.ts";
import { scalingTables } from "./scaling.ts";
import { stampedeTables } from "./stampede.ts";
import { warmupTables } from "./warmup.ts";

const TABLES: Tables = {
  ...hitTables,
  ...missTables,
  ...evictionTables,
  ...clientTables,
  ...crowdTables,
  ...hotClassTables,
  ...purgeTables,
  ...scalingTables,
  ...stampedeTables,
  ...growthTables,
  ...outageTables,
  ...commandsTables,
  ...journalTables,
  ...warmupTables,
  ...largeTables,
  ...metricsTables,
  ...refreshTables,
};

/**
 * A document with each `<!-- results:NAME -->` section made anew from that result.
 * `read` gives the text of the result's file; where there is none yet, the section stays. Throws where nobody knows
 * the table.
 */
export const withResults = (document: string, read: (name: string) => string | null): string =>
  document.replace(/<!-- results:(\S+) -->[\s\S]*?<!-- \/results -->/g, (section, place: string) => {
    const render = TABLES[place];
    if (render === undefined) throw new TypeError(`no table is named ${place}`);
    const [name = place] = place.split("/", 1);
    const result = read(name);
    if (result === null) return section;
    const text = render(JSON.parse(result));
    return `<!-- results:${place} -->\n${text}\n<!-- /results -->`;
  });

/** As `read`, from this checkout. */
export function readResult(name: string): string | null {
  const path = new URL(`../results/${name}.json`, import.meta.url);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
