// The dashboard's own files: style, script and sign, under names that change with their content.

import type { Api } from "../../api/environment.ts";
import { DARK, ICON, SCRIPT, STYLE } from "../made.ts";
import { SECURITY_HEADERS } from "./security.ts";

const FILES = [
  { ...STYLE, type: "text/css; charset=utf-8" },
  { ...DARK, type: "text/css; charset=utf-8" },
  { ...SCRIPT, type: "text/javascript; charset=utf-8" },
  { ...ICON, type: "image/svg+xml" },
];

export function assetRoutes(api: Api): void {
  for (const { path, text, type } of FILES)
    api.get(path, (context) =>
      context.body(text, 200, {
        ...SECURITY_HEADERS,
        "content-type": type,
        "cache-control": "public, max-age=31536000, immutable",
      }),
    );
}
