// What a cache is made from, checked for its form before anything goes by it: of a value that is none of its kind
// JavaScript makes another in silence, or a fault that names nothing.

import { invalid } from "./rules.ts";
import { NO_SUCH_OPTION, unknownOption } from "./unknown-option.ts";

type Given = Readonly<Record<string, unknown>>;

const KNOWN: ReadonlySet<string> = new Set([
  ...["redis", "site", "namespace", "class", "policies", "classes", "origin", "sources"],
  ...["serializer", "deadlines", "logger", "telemetry", "waitUntil"],
]);
const OF_DEADLINES: ReadonlySet<string> = new Set(["call", "load", "soft"]);
const OF_TELEMETRY: ReadonlySet<string> = new Set(["meter", "tracer"]);

/** Throws `invalid-option` for the first that is wrong. */
export function checkCacheOptions(options: object): void {
  const given = options as Given;
  refuseUnknown(given, KNOWN, "");
  for (const name of ["namespace", "site", "class"]) {
    const isMissing = given[name] === undefined && name !== "namespace";
    if (!isMissing && typeof given[name] !== "string") throw invalid(name, "a text is needed");
  }
  for (const name of ["classes", "sources"])
    for (const [key, value] of Object.entries(objectAt(given, name))) asObject(value, `${name}.${key}`);
  objectAt(given, "origin");
  refuseUnknown(objectAt(given, "deadlines"), OF_DEADLINES, "deadlines.");
  checkPolicies(given.policies);
  checkPorts(given);
}

function checkPolicies(policies: unknown): void {
  if (policies === undefined) return;
  if (!Array.isArray(policies)) throw invalid("policies", "a list is needed");
  for (const [at, row] of policies.entries()) asObject(row, `policies.${at}`);
}

/** What the cache calls, and may not call for hours. */
function checkPorts(given: Given): void {
  if (given.waitUntil !== undefined && typeof given.waitUntil !== "function")
    throw invalid("waitUntil", "a function is needed");
  if (given.logger !== undefined) functionsOf(given.logger, "logger", ["debug", "warn"]);
  if (given.serializer !== undefined) {
    const { name } = functionsOf(given.serializer, "serializer", ["encode", "decode"]);
    if (typeof name !== "string" || name === "" || name.length > 32)
      throw invalid("serializer.name", "a text of 1 to 32 characters is needed");
  }
  const telemetry = objectAt(given, "telemetry");
  refuseUnknown(telemetry, OF_TELEMETRY, "telemetry.");
  const { meter, tracer } = telemetry;
  if (meter !== undefined)
    functionsOf(meter, "telemetry.meter", ["createObservableCounter", "createObservableGauge"]);
  if (tracer !== undefined) functionsOf(tracer, "telemetry.tracer", ["startActiveSpan"]);
}

function functionsOf(value: unknown, where: string, names: readonly string[]): Given {
  // A class may have them, and a function: whatever has the methods will do.
  const having = typeof value === "function" ? (value as unknown as Given) : asObject(value, where);
  const missing = names.find((name) => typeof having[name] !== "function");
  if (missing !== undefined) throw invalid(`${where}.${missing}`, "a function is needed");
  return having;
}

const objectAt = (given: Given, name: string): Given =>
  given[name] === undefined ? {} : asObject(given[name], name);

function asObject(value: unknown, where: string): Given {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(where, "an object is needed");
  return value as Given;
}

function refuseUnknown(options: object, known: ReadonlySet<string>, where: string): void {
  const other = unknownOption(options, known);
  if (other !== undefined) throw invalid(`${where}${other}`, NO_SUCH_OPTION);
}
