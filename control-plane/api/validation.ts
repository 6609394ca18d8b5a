// What the schemas find wrong, as JSON pointers (RFC 6901) into what was sent.

import type { z } from "@hono/zod-openapi";
import type { Fault } from "../invalidate/accept.ts";
import { invalidBody, Refusal } from "./problem.ts";

type Result = { target: string } & ({ success: true } | { success: false; error: z.ZodError });

/** The hook of every route's validators: it only ever throws. */
export function refuseInvalid(result: Result): undefined {
  if (result.success) return undefined;
  const faults = result.error.issues.flatMap(faultsOf);
  if (result.target === "json") throw invalidBody(faults);
  const what = faults.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; ");
  throw new Refusal(result.target === "query" ? "invalid-query" : "invalid-header", what, { faults });
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const at = issue.path.map((part) => `/${escapePointer(String(part))}`).join("");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      pointer: `${at}/${escapePointer(key)}`,
      message: "is not a known field",
    }));
  return [{ pointer: at, message: messageOf(issue) }];
}

const escapePointer = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

const messageOf = ({ message }: z.core.$ZodIssue): string =>
  message.charAt(0).toLowerCase() + message.slice(1);
