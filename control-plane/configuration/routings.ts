// What a configuration makes of URLs, kept from one reading to the next.

import type { Routing, Site } from "../../shared/core/routing.ts";
import { type FieldsRead, readConfiguration } from "../../shared/wire/configuration.ts";

/** As edges have it until they learn of any site. */
export const FALLBACK_SITE: Site = { name: "default", hosts: ["*"], aliases: [], canonicalHost: "default" };

/** The routing of the configuration read last: it is read at every purge, and hardly ever changes. */
export class Routings {
  private readonly fieldsRead: FieldsRead = new Map();
  private fields: ReadonlyMap<string, string> = new Map();
  private routing = readConfiguration(this.fields, FALLBACK_SITE).routing;

  of(fields: ReadonlyMap<string, string>): Routing {
    if (!sameFields(fields, this.fields)) {
      this.fields = fields;
      this.routing = readConfiguration(fields, FALLBACK_SITE, this.fieldsRead).routing;
    }
    return this.routing;
  }
}

function sameFields(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, text] of a) if (b.get(name) !== text) return false;
  return true;
}
