// Secondary keys (RFC 9111 §4.1): which request fields select a variant, and which of their values mean the same.

import { type HeaderList, headerValue, listMembers } from "./headers.ts";

/** What is known of how a resource's answers vary: the union over time, so that no variant hides another. */
export interface VaryMark {
  readonly names: readonly string[];
  /** Content languages seen: whoever prefers one of them most is given its variant. */
  readonly languages: readonly string[];
  /** Which coding the origin chose for which set: it would choose it again for any part of the set that has it. */
  readonly codings: readonly CodingChoice[];
}

export interface CodingChoice {
  /** As normalised: `"zstd, br, gzip"`. */
  readonly of: string;
  readonly chosen: string;
}

/** What the request said, normalised, in the fields that the answer varies on. */
export type VaryValues = readonly (readonly [name: string, value: string | null])[];

/** An answer that varies on more fields than this is not stored. */
export const MAX_VARY_NAMES = 16;
/** Languages remembered of one resource. */
const MAX_LANGUAGES = 32;

export const NOTHING_VARIES: VaryMark = { names: [], languages: [], codings: [] };

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Whether a `Vary` can be heeded: every name is one, and there are not too many. */
export const canBeHeeded = (names: readonly string[]): boolean =>
  names.length <= MAX_VARY_NAMES && names.every((name) => FIELD_NAME.test(name));

/** The lower-case field names of a `Vary`; `*` may be among them. What is coded was chosen by coding, said or not. */
export function varyNames(headers: HeaderList): readonly string[] {
  const names = new Set(listMembers(headerValue(headers, "vary")).map((name) => name.toLowerCase()));
  if (contentCoding(headers) !== IDENTITY) names.add("accept-encoding");
  return [...names].sort();
}

type Header = (name: string) => string | null;

/** What is known of a resource once a request has been answered so. */
export function widenMark(mark: VaryMark, headers: HeaderList, header: Header): VaryMark {
  const names = [...new Set([...mark.names, ...varyNames(headers)])].sort();
  const language = names.includes("accept-language") ? contentLanguage(headers) : null;
  const known = language === null || mark.languages.includes(language);
  const languages =
    known || mark.languages.length >= MAX_LANGUAGES ? mark.languages : [...mark.languages, language];
  const choice = names.includes("accept-encoding") ? codingChoice(headers, header) : null;
  const codings =
    choice === null ? mark.codings : [...mark.codings.filter(({ of }) => of !== choice.of), choice];
  return { names, languages: [...languages].sort(), codings: [...codings].sort(byWidth) };
}

/** The widest set first, so that as many as possible are given what it was answered by. */
const byWidth = (a: CodingChoice, b: CodingChoice): number =>
  b.of.length - a.of.length || (a.of < b.of ? -1 : 1);

/** One text of words without spaces, as L2 keeps it: names, languages behind `=`, choices as `chosen<of+of`. */
export const formatMark = ({ names, languages, codings }: VaryMark): string =>
  [
    ...names,
    ...languages.map((language) => `=${language}`),
    ...codings.map(({ chosen, of }) => `${chosen}<${of.replaceAll(", ", "+")}`),
  ].join(" ");

export function parseMark(text: string): VaryMark {
  const words = text.split(" ").filter((word) => word !== "");
  const choices = words.filter((word) => word.includes("<")).map((word) => word.split("<"));
  const codings = choices.map(([chosen = "", of = ""]) => ({ chosen, of: of.replaceAll("+", ", ") }));
  return {
    names: words.filter((word) => !/[=<]/.test(word)).sort(),
    languages: words
      .filter((word) => word.startsWith("="))
      .map((word) => word.slice(1))
      .sort(),
    codings: codings.sort(byWidth),
  };
}

/** What of a request selects among the variants of a resource. */
export const selectingValues = (mark: VaryMark, header: Header): VaryValues =>
  mark.names.map((name) => [name, selectingValue(name, header(name), mark)]);

function selectingValue(name: string, value: string | null, mark: VaryMark): string | null {
  if (name === "accept-encoding") return selectingCodings(normalisedCodings(value ?? IDENTITY), mark.codings);
  if (value === null) return null;
  if (name !== "accept-language") return normalisedValue(name, value);
  const preferred = mostPreferred(value).filter((tag) => mark.languages.includes(tag));
  return preferred[0] === undefined ? normalisedLanguages(value) : `=${preferred[0]}`;
}

function selectingCodings(accepted: string, choices: readonly CodingChoice[]): string {
  const choice = choices.find((one) => wouldChoose(one, accepted));
  return choice === undefined ? accepted : choice.of;
}

/** Whoever chose a coding from a set chooses it from any part of the set in which it is. */
function wouldChoose({ of, chosen }: CodingChoice, accepted: string): boolean {
  const all = of.split(", ");
  const some = accepted === IDENTITY ? [] : accepted.split(", ");
  return some.every((coding) => all.includes(coding)) && (chosen === IDENTITY || some.includes(chosen));
}

/**
 * What an answer says of the requests that it may answer. One in a language that its request preferred to all others
 * answers everybody who prefers that language, and one in a coding everybody for whom the origin would choose that
 * coding: nothing better could be selected for them.
 */
export function valuesOfAnswer(mark: VaryMark, header: Header, headers: HeaderList): VaryValues {
  const language = contentLanguage(headers);
  const own: VaryMark = { ...mark, languages: language === null ? [] : [language], codings: [] };
  return selectingValues(own, header).map(([name, value]) => {
    const choice = name === "accept-encoding" ? codingChoice(headers, header) : null;
    return [name, choice === null ? value : `${choice.chosen} of ${choice.of}`];
  });
}

/** Whether an answer was selected by a request like this (RFC 9111 §4.1). */
export const variesFor = (vary: VaryValues, header: Header): boolean =>
  vary.every(([name, value]) => {
    const given = header(name);
    if (name === "accept-encoding") return codesFor(value ?? IDENTITY, normalisedCodings(given ?? IDENTITY));
    if (given === null || value === null) return given === value;
    if (value.startsWith("=") && name === "accept-language")
      return mostPreferred(given).includes(value.slice(1));
    return normalisedValue(name, given) === value;
  });

function codesFor(value: string, accepted: string): boolean {
  const [chosen = "", of] = value.split(" of ");
  return of === undefined ? value === accepted : wouldChoose({ chosen, of }, accepted);
}

/** A field's value in the one form that stands for all that mean the same; what the origin is sent. */
export function normalisedValue(name: string, value: string): string {
  if (name === "accept-language") return normalisedLanguages(value);
  if (name === "accept-encoding") return normalisedCodings(value);
  return withoutListSpace(value);
}

/** Space around commas says nothing; that within quotes does, and so does any where a quote is never closed. */
function withoutListSpace(value: string): string {
  const trimmed = value.trim();
  if (!trimmed.includes(",")) return trimmed;
  const pieces = trimmed.match(/"(?:[^"\\]|\\.)*"|[^",]+|,/g) ?? [];
  if (pieces.join("").length !== trimmed.length) return trimmed;
  let text = "";
  for (const [i, piece] of pieces.entries()) {
    if (piece.startsWith('"') || piece === ",") text += piece;
    else text += trimmedBeside(piece, { before: pieces[i - 1] === ",", after: pieces[i + 1] === "," });
  }
  return text;
}

function trimmedBeside(piece: string, comma: { before: boolean; after: boolean }): string {
  const start = comma.before ? piece.trimStart() : piece;
  return comma.after ? start.trimEnd() : start;
}

interface Preference {
  readonly tag: string;
  /** In thousandths, as a quality has three digits at most (RFC 9110 §12.4.2). */
  readonly quality: number;
}

function preferences(value: string): Preference[] {
  return listMembers(value).flatMap((member) => {
    const [tag = "", ...parameters] = member
      .toLowerCase()
      .split(";")
      .map((part) => part.trim());
    // What is no tag prefers nothing; nor may it look like a note of ours.
    if (!TAG.test(tag)) return [];
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
    return [{ tag, quality: quality === undefined ? 1000 : thousandths(quality) }];
  });
}

/** A language range or a coding (RFC 4647 §2.1, RFC 9110 §8.4.1). */
const TAG = /^[a-z0-9*-]+$/;

/** An invalid quality is the least: nothing is preferred by mistake. */
const thousandths = (quality: string): number =>
  /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality) ? Math.round(Number(quality) * 1000) : 0;

const byPreference = (a: Preference, b: Preference): number =>
  b.quality - a.quality || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);

/** Best first; equally good ones in the order of the alphabet. */
function normalisedLanguages(value: string): string {
  const ordered = preferences(value).sort(byPreference);
  const texts = ordered.map(({ tag, quality }) => (quality === 1000 ? tag : `${tag};q=${quality / 1000}`));
  return [...new Set(texts)].join(", ");
}

/** Content codings that bodies are kept in, best first. */
const CODINGS = ["zstd", "br", "gzip"] as const;
/** Whoever says nothing of codings is given none (RFC 9110 §12.5.3 would allow any). */
const IDENTITY = "identity";

/** Those of our codings that are acceptable at all: which of them an origin picks is its own choice. */
function normalisedCodings(value: string): string {
  const given = new Map(preferences(value).map(({ tag, quality }) => [tag, quality]));
  const others = given.get("*") ?? 0;
  const accepted = CODINGS.filter((coding) => (given.get(coding) ?? others) > 0);
  return accepted.length === 0 ? IDENTITY : accepted.join(", ");
}

/** The languages that a request prefers to all others. */
function mostPreferred(value: string): string[] {
  const [first, ...others] = preferences(value).sort(byPreference);
  if (first === undefined || first.quality === 0) return [];
  return [first, ...others.filter(({ quality }) => quality === first.quality)].map(({ tag }) => tag);
}

const contentCoding = (headers: HeaderList): string =>
  headerValue(headers, "content-encoding")?.trim().toLowerCase() || IDENTITY;

/** What the origin chose from what it was offered; null where that is something it was not offered. */
function codingChoice(headers: HeaderList, header: Header): CodingChoice | null {
  const of = normalisedCodings(header("accept-encoding") ?? IDENTITY);
  const chosen = contentCoding(headers);
  return chosen === IDENTITY || of.split(", ").includes(chosen) ? { of, chosen } : null;
}

/** Whether an answer's coding is one of those that its request is keyed by. */
export const isOffered = (headers: HeaderList, header: Header): boolean =>
  codingChoice(headers, header) !== null;

/** The one language of an answer; null where it has none or several. */
function contentLanguage(headers: HeaderList): string | null {
  const languages = listMembers(headerValue(headers, "content-language"));
  const [language] = languages;
  return languages.length === 1 && language !== undefined && /^[A-Za-z0-9-]+$/.test(language)
    ? language.toLowerCase()
    : null;
}
