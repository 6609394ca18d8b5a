// An order as it comes over the wire: every field checked, since what it asks for breaks things; and who wants it ended.

import * as z from "zod";
import {
  type ChaosAborter,
  type ChaosOrder,
  DIRECTIONS,
  EXPERIMENTS,
  PARTITIONS,
} from "../shared/wire/chaos.ts";
import { parseJson } from "../shared/wire/json.ts";
import { LIMITS } from "./config.ts";

const orderSchema = z
  .object({
    id: z.string().regex(/^[\w.-]{1,128}$/),
    experiment: z.enum(EXPERIMENTS),
    target: z.string().max(64).nullable(),
    durationMs: z.number().int().min(LIMITS.leastFault).max(LIMITS.mostFault),
    seed: z.number().int().min(0).max(0xffff_ffff),
    from: z.enum(PARTITIONS).optional(),
    arrives: z.enum(DIRECTIONS).optional(),
  })
  .refine(
    ({ experiment, from, arrives }) =>
      experiment === "partition" || (from === undefined && arrives === undefined),
    "from and arrives are of a partition alone",
  );

export type ReadOrder =
  | { readonly kind: "order"; readonly order: ChaosOrder }
  | { readonly kind: "refused"; readonly problem: string };

export function readOrder(text: string): ReadOrder {
  const parsed = orderSchema.safeParse(parseJson(text));
  if (parsed.success) {
    const { from, arrives, ...order } = parsed.data;
    return {
      kind: "order",
      order: { ...order, ...(from !== undefined && { from }), ...(arrives !== undefined && { arrives }) },
    };
  }
  const [issue] = parsed.error.issues;
  return { kind: "refused", problem: `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim() };
}

const text = z.string().max(LIMITS.text);
const aborterSchema = z.object({
  ...{ actor: text, token: text.nullable(), from: text.nullable(), requestId: text },
});

/** Null where it can't be read: that is no reason not to heal. */
export function readAborter(body: string): ChaosAborter | null {
  return aborterSchema.safeParse(parseJson(body)).data ?? null;
}
