// Rules about how a file looks: its length, its functions' lengths, its opening sentence, honest tests.

import ts from "typescript";
import {
  type Breach,
  breachesIn,
  isBelow,
  isScript,
  isSource,
  lineOf,
  parse,
  type SourceFile,
} from "./tree.ts";

export const maxFileLines = 300;
export const maxFunctionLines = 60;

/** Written by a script, and read by nobody from its beginning to its end. */
const isMade = ({ text }: SourceFile): boolean => /^\/\/ .*: made from .* by `npm run [\w-]+`\.\n/.test(text);

/** One row a limit, with its reason: looked up, not read from its beginning to its end, and in one place by rule. */
const isTable = ({ path }: SourceFile): boolean => /^(?:edge|control-plane)\/config\.ts$/.test(path);

export function fileLengthBreaches(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => isSource(file) && !isBelow(file.path, "test") && !isMade(file) && !isTable(file))
    .flatMap((file) => {
      const lines = file.text.replace(/\n$/, "").split("\n").length;
      return lines > maxFileLines ? [`${file.path} has ${lines} lines, more than ${maxFileLines}`] : [];
    });
}

export function functionLengthBreaches(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => isScript(file) && !isBelow(file.path, "test"))
    .flatMap((file) => breachesIn(file, (node) => tooLong(parse(file), node)));
}

function tooLong(tree: ts.SourceFile, node: ts.Node): string | undefined {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return undefined;
  const lines = tree.getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(tree, node);
  const name = node.name === undefined ? "a function" : node.name.getText();
  return lines > maxFunctionLines ? `${name} has ${lines} lines, more than ${maxFunctionLines}` : undefined;
}

export function openingBreaches(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => isSource(file) && !isSentence(openingComment(file)))
    .map(({ path }) => `${path} does not open with a comment that says in a sentence what it is`);
}

function openingComment({ path, text }: SourceFile): string {
  const body = text.replace(/^#!.*\n/, "");
  const marks = path.endsWith(".lua") ? /^(?:--.*\n?)+/ : /^(?:(?:\/\/.*\n?)+|\/\*[\s\S]*?\*\/)/;
  return (marks.exec(body)?.[0] ?? "").replace(/^\s*(?:--|\/\/+|\/\*+|\*+\/?)|\*\/\s*$/gm, "").trim();
}

/** Two words at least, closed by a full stop, a colon, or an example after a colon. */
function isSentence(comment: string): boolean {
  const words = comment.split(/\s+/).length;
  return words >= 2 && /[.!?:](?:["'`)]*(?:\s|$))/.test(comment);
}

export function evasionBreaches(files: readonly SourceFile[]): Breach[] {
  const tests = files.filter(({ path }) => isBelow(path, "test") && path.endsWith(".ts"));
  return tests.flatMap((file) => breachesIn(file, evasion));
}

const runners = new Set(["it", "test", "describe", "suite"]);

function evasion(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && /^(?:skip|only|todo|fails)$/.test(node.name.text)) {
    const base = ts.isCallExpression(node.expression) ? node.expression.expression : node.expression;
    const runner = /^\w+/.exec(base.getText())?.[0] ?? "";
    return runners.has(runner) ? `says ${runner}.${node.name.text}: run it or delete it` : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
  return ts.isIdentifier(called) && called.text === "sleep" ? "sleeps: advance the time" : undefined;
}
