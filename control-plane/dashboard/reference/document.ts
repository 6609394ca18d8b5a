// What the reference page reads of an OpenAPI 3.1 document.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content & { readonly description?: string }>>;
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

export const METHODS = ["get", "post", "put", "delete"] as const;

/** The first schema of a body or an answer. */
export const schemaOf = (content: Content | undefined): Schema | null =>
  Object.values(content?.content ?? {})[0]?.schema ?? null;

const nameOf = (ref: string): string => ref.split("/").at(-1) ?? ref;

/** Of a schema that has a name of its own. */
export const namedIn = (schema: Schema): string | null =>
  schema.$ref === undefined ? null : nameOf(schema.$ref);

/** In a line, as a type; what has fields is told of by its fields elsewhere. */
export function typeOf(schema: Schema): string {
  const name = namedIn(schema);
  if (name !== null) return name;
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(schema.allOf ? " & " : " | ");
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return types
    .map((type) => (type === "array" && schema.items !== undefined ? `${typeOf(schema.items)}[]` : type))
    .join(" | ");
}
