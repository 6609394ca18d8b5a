// What the schemas find wrong, as JSON pointers (RFC 6901) into what was sent.

import type { z } from "@hono/zod-openapi";
import { faultsIn } from "../../shared/wire/faults.ts";
import { invalidBody, type ProblemCode, Refusal } from "./problem.ts";

type Result = { target: string } & ({ success: true } | { success: false; error: z.ZodError });

/** What can't be a path's id is nobody's. */
const CODES: Readonly<Partial<Record<string, ProblemCode>>> = { query: "invalid-query", param: "not-found" };

/** The hook of every route's validators: it only ever throws. */
export function refuseInvalid(result: Result): undefined {
  if (result.success) return undefined;
  const faults = faultsIn(result.error);
  if (result.target === "json") throw invalidBody(faults);
  const what = faults.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; ");
  throw new Refusal(CODES[result.target] ?? "invalid-header", what, { faults });
}
