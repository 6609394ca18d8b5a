// The look that somebody wants, in a cookie of one word: light, dark, or as the system has it.

import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { days } from "../../../shared/core/units.ts";
import { limitBody } from "../../api/body.ts";
import type { Api, ApiEnvironment, ApiPorts } from "../../api/environment.ts";
import { formOf, visitOf } from "../session/guard.ts";
import { localPath } from "./local-path.ts";
import type { Theme } from "./page.tsx";
import { secured } from "./security.ts";

const COOKIE = "tidegate-look";
/** Browsers keep none longer. */
const KEPT = days(400);

const asTheme = (text: string | undefined): Theme => (text === "light" || text === "dark" ? text : "auto");

export const themeOf = (context: Context<ApiEnvironment>): Theme => asTheme(getCookie(context, COOKIE));

export function themeRoute(api: Api, { plane }: ApiPorts): void {
  api.post("/theme", secured, limitBody(plane), async (context) => {
    const visit = await visitOf(context, plane);
    const fields = visit === null ? null : await formOf(context, visit);
    if (fields !== null)
      setCookie(context, COOKIE, asTheme(fields.get("theme")), {
        ...{ path: "/", httpOnly: true, sameSite: "Lax", maxAge: KEPT / 1000 },
        secure: context.req.url.startsWith("https:"),
      });
    return context.redirect(localPath(fields?.get("back")), 303);
  });
}
