// Writes what an OpenAPI document describes as TypeScript: its named schemas, and what each route takes and answers.

/** As far as the control plane's own document goes. */
export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  /** A named schema, and what is added to it. */
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly description?: string;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

/** As wide as the formatter lets a line be: it breaks all but comments itself. */
const WIDTH = 110;

/** An interface, or a type, for each named schema; for the formatter to lay out. */
export function schemaTypes({ components }: OpenApi): string {
  const named = Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return named
    .map(([name, schema]) =>
      isPlainObject(schema)
        ? `export interface ${name} ${written(schema, 0)}\n`
        : `export type ${name} = ${written(schema, 0)};\n`,
    )
    .join("\n");
}

/** One interface whose properties are the routes, as `GET /edges`. */
export function routeTypes({ paths }: OpenApi): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, routeSchema(operation)] as const,
    ),
  );
  const properties = Object.fromEntries(routes.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `export interface Routes ${written({ type: "object", properties, required: Object.keys(properties) }, 0)}\n`;
}

/** The names of schemas that occur in a text: what its file has to import. */
export const namesIn = (text: string, { components }: OpenApi): readonly string[] =>
  Object.keys(components.schemas)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(text))
    .sort();

/** A route as if it were an object: `query`, `body`, and `answers` by status. */
function routeSchema({ summary, parameters = [], requestBody, responses }: Operation): Schema {
  const query = parameters.filter((parameter) => parameter.in === "query");
  const body = requestBody?.content["application/json"]?.schema;
  const answers = Object.entries(responses).filter(([status]) => status !== "default");
  const parts: Record<string, Schema> = {
    ...(query.length > 0 && {
      query: {
        type: "object",
        properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
        required: query.filter(({ required }) => required === true).map(({ name }) => name),
      },
    }),
    ...(body !== undefined && { body }),
    answers: {
      type: "object",
      properties: Object.fromEntries(answers.map(([status, { content }]) => [status, answerOf(content)])),
      required: answers.map(([status]) => status),
    },
  };
  return {
    type: "object",
    properties: parts,
    required: Object.keys(parts),
    ...(summary !== undefined && { description: summary }),
  };
}

function answerOf(content: Content | undefined): Schema {
  const media = Object.values(content ?? {})[0];
  return media?.schema ?? { type: "null" };
}

/** `depth`: how many objects it lies in, which is how far comments are indented. */
function written(schema: Schema, depth: number): string {
  const members = membersOf(schema);
  if (members !== null) return members.map((member) => written(member, depth)).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map((part) => written(part, depth)).join(" & ");
  if (schema.$ref !== undefined) return schema.$ref.replace("#/components/schemas/", "");
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return arrayOf(schema.items ?? {}, depth);
  if (isPlainObject(schema)) return objectOf(schema, depth);
  if (schema.type === "object") return `Readonly<Record<string, ${valuesOf(schema, depth)}>>`;
  if (schema.type === "integer") return "number";
  return typeof schema.type === "string" ? schema.type : "unknown";
}

const arrayOf = (item: Schema, depth: number): string =>
  membersOf(item) === null ? `readonly ${written(item, depth)}[]` : `readonly (${written(item, depth)})[]`;

const valuesOf = ({ additionalProperties }: Schema, depth: number): string =>
  typeof additionalProperties === "object" ? written(additionalProperties, depth) : "unknown";

function objectOf({ properties = {}, required = [] }: Schema, depth: number): string {
  const fields = Object.entries(properties).map(([name, property]) => {
    const key = /^(?:[A-Za-z_]\w*|\d+)$/.test(name) ? name : JSON.stringify(name);
    const said =
      property.description === undefined ? "" : comment(property.description, "  ".repeat(depth + 1));
    return `${said}${key}${required.includes(name) ? "" : "?"}: ${written(property, depth + 1)};`;
  });
  // With the first field on a line of its own the formatter gives each one its line.
  const apart = depth === 0 || fields.some((field) => field.startsWith("\n"));
  return `{${apart ? "\n" : " "}${fields.join(" ")} }`;
}

function comment(text: string, indent: string): string {
  if (`${indent}/** ${text} */`.length <= WIDTH) return `\n/** ${text} */\n`;
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (`${indent} * ${line} ${word}`.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return `\n/**\n${lines.map((line) => ` * ${line}`).join("\n")}\n */\n`;
}

/** The parts of a union, each its own schema; null where it is none. */
function membersOf(schema: Schema): readonly Schema[] | null {
  const { type } = schema;
  if (schema.anyOf !== undefined || schema.oneOf !== undefined) return schema.anyOf ?? schema.oneOf ?? null;
  if (schema.enum !== undefined && schema.enum.length > 1)
    return schema.enum.map((value) => ({ enum: [value] }));
  return Array.isArray(type) ? type.map((one: string) => ({ ...schema, type: one })) : null;
}

const isPlainObject = ({ type, properties }: Schema): boolean =>
  type === "object" && properties !== undefined;
