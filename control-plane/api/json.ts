// Bodies and answers in JSON, as routes describe them.

import type { z } from "@hono/zod-openapi";

export const json = <Schema extends z.ZodType>(description: string, schema: Schema) =>
  ({ description, content: { "application/json": { schema } } }) as const;

export const jsonBody = <Schema extends z.ZodType>(schema: Schema) =>
  ({ required: true, content: { "application/json": { schema } } }) as const;
