// What a schema finds wrong with what came from outside: by place, and in words that say what would be right.

import * as z from "zod";
import { escapePointer, type Fault, parseJson } from "./json.ts";

// The library asks its locale wherever a schema has no words of its own, so that no schema has to repeat what follows from it.
z.config({ localeError: wordsFor });

export const faultsIn = (error: z.ZodError): Fault[] => faultsOf(error.issues, "");

export type ReadText<Value> =
  | { readonly kind: "read"; readonly value: Value }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

/** Of what people write as JSON: a comma too many makes no list of it any less, and is what they have to be told. */
export function readText<Value>(schema: z.ZodType<Value>, text: string): ReadText<Value> {
  const value = parseJson(text);
  if (value === null && text.trim() !== "null")
    return { kind: "invalid", faults: [{ pointer: "", message: "is not JSON" }] };
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { kind: "read", value: parsed.data }
    : { kind: "invalid", faults: faultsIn(parsed.error) };
}

const faultsOf = (issues: readonly z.core.$ZodIssue[], above: string): Fault[] =>
  issues.flatMap((issue) => faultsOfOne(issue, above + pointerTo(issue.path)));

function faultsOfOne(issue: z.core.$ZodIssue, at: string): Fault[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ pointer: at + pointerTo([key]), message: "is not a known field" }));
    case "invalid_key":
      return faultsOf(issue.issues, at).map(({ message }) => ({
        pointer: at,
        message: `its name ${message}`,
      }));
    case "invalid_union": {
      const meant = formMeant(issue.errors);
      return meant === null ? [{ pointer: at, message: issue.message }] : faultsOf(meant, at);
    }
    default:
      return [{ pointer: at, message: issue.message }];
  }
}

const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${escapePointer(String(part))}`).join("");

/** Of several forms that a value may have: the one that it has but for its faults. Null where that is none, or not one alone. */
function formMeant(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const near = forms.filter((issues) => !issues.some(isOfAnotherKind));
  const least = Math.min(...near.map(({ length }) => length));
  const [nearest, ...others] = near.filter(({ length }) => length === least);
  return others.length > 0 ? null : (nearest ?? null);
}

const isOfAnotherKind = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length === 0 && (code === "invalid_type" || code === "invalid_value");

type Raw = z.core.$ZodRawIssue;

function wordsFor(issue: Raw): string {
  switch (issue.code) {
    case "invalid_type":
      return kindWanted(issue);
    case "invalid_value":
      return oneOf(issue.values);
    case "too_big":
      return atMost(issue);
    case "too_small":
      return atLeast(issue);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.format === "regex" ? `must match ${issue.pattern}` : `must be a valid ${issue.format}`;
    default:
      return "is not valid";
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
};

function kindWanted({ expected, input }: { readonly expected: string; readonly input: unknown }): string {
  // What is not there at all has no type that could be wrong.
  if (input === undefined) return "must be given";
  // So is a parameter of a query that is given twice.
  if (expected === "string" && Array.isArray(input)) return "must be one text, not several";
  return `must be ${KINDS[expected] ?? expected}`;
}

function oneOf(values: readonly unknown[]): string {
  const [first, ...others] = values.map((value) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  return others.length === 0 ? `must be ${first}` : `must be one of ${[first, ...others].join(", ")}`;
}

type Limit = number | bigint;

interface Bound {
  readonly origin: string;
  readonly inclusive?: boolean | undefined;
}

function atMost({ origin, maximum, inclusive = true }: Bound & { maximum: Limit }): string {
  if (origin === "string") return `must not be longer than ${maximum} characters`;
  if (origin === "array") return `must not hold more than ${maximum} items`;
  return inclusive ? `must be at most ${maximum}` : `must be less than ${maximum}`;
}

function atLeast({ origin, minimum, inclusive = true }: Bound & { minimum: Limit }): string {
  if (origin === "string")
    return minimum === 1 ? "must not be empty" : `must have at least ${minimum} characters`;
  if (origin === "array") return minimum === 1 ? "must not be empty" : `must hold at least ${minimum} items`;
  return inclusive ? `must be at least ${minimum}` : `must be more than ${minimum}`;
}
