// Pages as answers.

import type { Context } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ApiEnvironment } from "../../api/environment.ts";

/** Rendered whole: a page that fails half-way must not have begun. */
export async function respond(
  context: Context<ApiEnvironment>,
  page: JSX.Element,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  return context.html(`<!doctype html>${await page.toString()}`, status);
}
