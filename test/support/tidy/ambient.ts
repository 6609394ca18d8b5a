// Rules about what a file may reach for without being handed it: clock, randomness, timers, Miniflare.

import ts from "typescript";
import { type Breach, breachesIn, isBelow, isScript, type SourceFile } from "./tree.ts";

const banInCore = new Set(["Date", "performance", "setTimeout", "setInterval", "crypto"]);

const clockAndChance = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);

const timers = new Set(["setTimeout", "setInterval"]);

export function coreBreaches(files: readonly SourceFile[]): Breach[] {
  const core = files.filter((file) => isBelow(file.path, "shared/core") && isScript(file));
  return core.flatMap((file) => breachesIn(file, ambientInCore));
}

function ambientInCore(node: ts.Node): string | undefined {
  if (dotted(node) === "Math.random") return "uses Math.random: randomness is an argument of the core";
  if (!ts.isIdentifier(node) || !banInCore.has(node.text) || isJustAName(node)) return undefined;
  return `uses ${node.text}: the core has no clock, timer or randomness`;
}

/** `exempt` names files, or folders with a closing `/`, where clock, chance and timers are made into ports. */
export function ambientBreaches(files: readonly SourceFile[], exempt: readonly string[]): Breach[] {
  const workers = files.filter(
    (file) => ["edge", "control-plane"].some((folder) => isBelow(file.path, folder)) && isScript(file),
  );
  const bound = workers.filter(
    ({ path }) => !exempt.some((entry) => (entry.endsWith("/") ? path.startsWith(entry) : path === entry)),
  );
  return bound.flatMap((file) => breachesIn(file, ambientInWorker));
}

function ambientInWorker(node: ts.Node): string | undefined {
  const name = dotted(node);
  if (name !== undefined && clockAndChance.has(name)) return `uses ${name}: take it as a port`;
  if (ts.isNewExpression(node) && isNamed(node.expression, "Date") && !node.arguments?.length) {
    return "uses new Date(): take the clock as a port";
  }
  const timer = ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : "";
  return timers.has(timer) ? `calls ${timer}: take timers as a port` : undefined;
}

/**
 * Once optimized, `new Promise` makes promises that know nothing of the request they were made for: whoever awaits one
 * that another request resolves goes on in that one's context (docs/adr/0025).
 */
export function promiseBreaches(files: readonly SourceFile[]): Breach[] {
  const workers = files.filter(
    (file) =>
      ["edge", "control-plane", "shared"].some((folder) => isBelow(file.path, folder)) && isScript(file),
  );
  return workers.flatMap((file) =>
    breachesIn(file, (node) =>
      ts.isNewExpression(node) && isNamed(node.expression, "Promise")
        ? "says new Promise: use Promise.withResolvers()"
        : undefined,
    ),
  );
}

/** Its constructor is rewritten from one major version to the next. */
export function miniflareBreaches(files: readonly SourceFile[]): Breach[] {
  const made = files
    .filter(isScript)
    .flatMap((file) =>
      breachesIn(file, (node) =>
        ts.isNewExpression(node) && isNamed(node.expression, "Miniflare") ? "says new Miniflare" : undefined,
      ),
    );
  const makers = new Set(made.map((breach) => breach.replace(/:\d+ .*/, "")));
  return makers.size > 1 ? made : [];
}

/** `a.b` for such an access, also below `globalThis`. */
function dotted(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const { expression, name } = node;
  if (ts.isIdentifier(expression)) return `${expression.text}.${name.text}`;
  const viaGlobal = ts.isPropertyAccessExpression(expression) && isNamed(expression.expression, "globalThis");
  return viaGlobal ? `${expression.name.text}.${name.text}` : undefined;
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** True of `x.Date`, `{ Date: 1 }` and the like, which name a property and reach for nothing. */
function isJustAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && !isNamed(parent.expression, "globalThis");
  }
  return (
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ((ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node)
  );
}
