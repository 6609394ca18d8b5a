// The runtime's own fields, changed in place.

import type { FieldsChange } from "../../shared/core/headers.ts";

export function changeFields(fields: Headers, { without, replaced }: FieldsChange): Headers {
  for (const name of without) fields.delete(name);
  for (const [name, value] of replaced) fields.set(name, value);
  return fields;
}
