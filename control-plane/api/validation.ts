// What the schemas find wrong, as JSON pointers (RFC 6901) into what was sent.

import type { z } from "@hono/zod-openapi";
import { faultsIn } from "../../shared/wire/json.ts";
import { invalidBody, Refusal } from "./problem.ts";

type Result = { target: string } & ({ success: true } | { success: false; error: z.ZodError });

/** The hook of every route's validators: it only ever throws. */
export function refuseInvalid(result: Result): undefined {
  if (result.success) return undefined;
  const faults = faultsIn(result.error);
  if (result.target === "json") throw invalidBody(faults);
  const what = faults.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; ");
  throw new Refusal(result.target === "query" ? "invalid-query" : "invalid-header", what, { faults });
}
