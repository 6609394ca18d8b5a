// Tells in the API's document which scope each route asks for: read off the guards themselves, so that neither can be wrong.

import { scopeAskedBy } from "./auth.ts";
import type { Api } from "./environment.ts";

type Document = ReturnType<Api["getOpenAPI31Document"]>;

const METHODS = ["get", "put", "post", "delete"] as const;

export function withScopes(document: Document, api: Api): Document {
  const asked = new Map<string, string>();
  for (const { method, path, handler } of api.routes) {
    const scope = scopeAskedBy(handler);
    if (scope !== null) asked.set(`${method} ${path}`, scope);
  }
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => {
    const told = METHODS.flatMap((method) => {
      const operation = item[method];
      const scope = asked.get(`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`);
      return operation === undefined || scope === undefined
        ? []
        : // Of a scheme that is not OAuth these are names of roles (OpenAPI 3.1 §4.8.30).
          [[method, { ...operation, security: [{ token: [scope] }] }] as const];
    });
    return [path, { ...item, ...Object.fromEntries(told) }] as const;
  });
  return { ...document, paths: Object.fromEntries(paths) };
}
