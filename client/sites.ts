// The sites' calls: origins with their hostnames, changed by version.

import { ask } from "./ask.ts";
import type { Routes } from "./routes.ts";
import type { ChangedSite, PolicyVerdict, Site, SiteBody, Sites } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";
import { versionIn, versionNamed } from "./version.ts";

type PutQuery = Routes["PUT /sites/{name}"]["query"];
type DeleteQuery = Routes["DELETE /sites/{name}"]["query"];

export interface SiteCalls {
  list(query?: Routes["GET /sites"]["query"], options?: CallOptions): Promise<Sites>;
  get(name: string, options?: CallOptions): Promise<{ readonly site: Site; readonly version: string }>;
  create(site: SiteBody & { name: string }, options?: CallOptions): Promise<ChangedSite>;
  /** Fails with `precondition-failed` where somebody has changed it since `ifMatch`. */
  put(
    name: string,
    site: SiteBody,
    options: CallOptions & PutQuery & { readonly ifMatch: string },
  ): Promise<ChangedSite>;
  /** The position from which on edges go without it; null where an earlier try was told, and this one not. */
  delete(
    name: string,
    options?: CallOptions & DeleteQuery & { readonly ifMatch?: string },
  ): Promise<{ readonly position: string | null }>;
  validate(sites: readonly unknown[], options?: CallOptions): Promise<PolicyVerdict>;
}

export function sites(to: Connection): SiteCalls {
  return {
    list: async (query = {}, options) => (await ask(to, "GET /sites", { query, options })).json,
    async get(name, options) {
      const { json: site, headers } = await ask(to, "GET /sites/{name}", { id: name, options });
      return { site, version: versionIn(headers, name) };
    },
    create: async (body, options) => (await ask(to, "POST /sites", { body, options })).json,
    async put(name, body, { ifMatch, answers, ...options }) {
      const query = answers === undefined ? {} : { answers };
      // By its key it is known again, although it has changed the version that it names itself.
      const call = { id: name, body, query, headers: versionNamed(ifMatch), options, repeatable: true };
      return (await ask(to, "PUT /sites/{name}", call)).json;
    },
    async delete(name, { ifMatch, policies, ...options } = {}) {
      // Without a version, a second try could take out what somebody has put there since.
      const once = ifMatch === undefined || ifMatch === "*";
      const headers = ifMatch === undefined ? {} : versionNamed(ifMatch);
      const query = policies === undefined ? {} : { policies };
      const call = { id: name, query, headers, options, repeatable: !once, settledBy: 404 };
      const told = await ask(to, "DELETE /sites/{name}", call);
      return { position: told.headers.get("tidegate-position") };
    },
    validate: async (given, options) =>
      (await ask(to, "POST /sites/validate", { body: { sites: given }, options })).json,
  };
}
