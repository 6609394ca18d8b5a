// Variants by Vary (RFC 9111 §4.1): which requests share one, and that an answer never reaches a request it wasn't meant for.

import { array, constantFrom, oneof, option, property, record, string, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { variantKey } from "../../shared/core/cache-key.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
import type { CacheKey } from "../../shared/core/units.ts";
import {
  formatMark,
  NOTHING_VARIES,
  normalisedValue,
  parseMark,
  selectingValues,
  type VaryMark,
  type VaryValues,
  valuesOfAnswer,
  variesFor,
  varyNames,
  widenMark,
} from "../../shared/core/vary.ts";
import { hostile } from "./hostile.ts";
import { holds } from "./samples.ts";

type Fields = Readonly<Record<string, string>>;
const asking = (fields: Fields) => (name: string) => fields[name] ?? null;
const answering = (fields: Fields): HeaderPair[] => Object.entries(fields);
const markOf = (more: Partial<VaryMark>): VaryMark => ({ ...NOTHING_VARIES, ...more });

/** What an answer to one request is kept with, and whether it answers another. */
function sharedBy(one: Fields, answer: Fields, other: Fields): boolean {
  const headers = answering(answer);
  // What was known of other answers must not be taken for this one's.
  const known = markOf({ languages: ["de", "en", "fr-ca"], codings: [{ of: "br, gzip", chosen: "br" }] });
  const mark = widenMark(known, headers, asking(one));
  return variesFor(valuesOfAnswer(mark, asking(one), headers), asking(other));
}

describe("the fields that an answer varies on (RFC 9110 §12.5.5)", () => {
  test.each<[string, HeaderPair[], string[]]>([
    ["none", [], []],
    ["by case and order as one", [["vary", "B, a,  b"]], ["a", "b"]],
    [
      "of two fields",
      [
        ["vary", "b"],
        ["vary", "a"],
      ],
      ["a", "b"],
    ],
    ["any, among others", [["vary", "a, *"]], ["*", "a"]],
    ["empty members", [["vary", ",, a ,"]], ["a"]],
    ["a coding that it doesn't name", [["content-encoding", "gzip"]], ["accept-encoding"]],
    ["an unknown coding", [["content-encoding", "x"]], ["accept-encoding"]],
    ["no coding", [["content-encoding", "Identity"]], []],
    ["an empty coding", [["content-encoding", " "]], []],
    [
      "a coding named already",
      answering({ "content-encoding": "br", vary: "Accept-Encoding" }),
      ["accept-encoding"],
    ],
  ])("%s", (_, headers, names) => expect(varyNames(headers)).toEqual(names));
});

describe("a value in the form that stands for all that mean the same", () => {
  test.each([
    ["accept-language", "de", "de"],
    ["accept-language", "DE-at", "de-at"],
    ["accept-language", "en;q=0.5, de", "de, en;q=0.5"],
    ["accept-language", "en, de", "de, en"],
    ["accept-language", "en;q=1.0,en ; q=1 , en;Q=1.000", "en"],
    ["accept-language", "de;q=.5", "de;q=0"],
    ["accept-language", "de;q=0.5000, en;q=2, fr;q=x", "de;q=0, en;q=0, fr;q=0"],
    ["accept-language", "de;q=0.001", "de;q=0.001"],
    ["accept-language", "de;x=1;q=0.5", "de;q=0.5"],
    ["accept-language", "", ""],
    ["accept-encoding", "gzip, deflate, br, zstd", "zstd, br, gzip"],
    ["accept-encoding", "gzip;q=0.1, br;q=0.2", "br, gzip"],
    ["accept-encoding", "GZIP", "gzip"],
    ["accept-encoding", "gzip;q=0", "identity"],
    ["accept-encoding", "gzip;q=0.0, br", "br"],
    ["accept-encoding", "*", "zstd, br, gzip"],
    ["accept-encoding", "*;q=0.5, br;q=0", "zstd, gzip"],
    ["accept-encoding", "*;q=0, br", "br"],
    ["accept-encoding", "deflate", "identity"],
    ["accept-encoding", "identity;q=0", "identity"],
    ["accept-encoding", "", "identity"],
    ["x", "  a ", "a"],
    ["x", "a , b\t,c", "a,b,c"],
    ["x", "a, , b", "a,,b"],
    ["x", "a  b", "a  b"],
    ["x", "A", "A"],
    ["x", "b,a", "b,a"],
    ["x", 'a="b , c" , d', 'a="b , c",d'],
    ["x", '"a\\" , b" , c', '"a\\" , b",c'],
    ["x", 'a , "b , c', 'a , "b , c'],
    ["x", "", ""],
  ])("of %s: %j is %j", (name, value, expected) => expect(normalisedValue(name, value)).toBe(expected));

  const name = constantFrom("accept-language", "accept-encoding", "x");
  const parts = constantFrom(
    "de",
    "en-us",
    "gzip",
    "br",
    "*",
    ";q=0.5",
    ";q=0",
    ";q=x",
    ";q=1",
    ";x",
    ",",
    ", ",
    " ",
  );
  const quoted = constantFrom('"a , b"', '"', "\\", "=", ",", " ", "\t", "a");

  test("stays as it is when it is made again, so that every cache on the way finds the same", () => {
    const value = oneof(string({ unit: parts, maxLength: 10 }), string({ unit: quoted, maxLength: 8 }));
    holds(
      property(name, value, (field, text) => {
        const once = normalisedValue(field, text);
        expect(normalisedValue(field, once)).toBe(once);
      }),
      1000,
    );
  });

  test("loses nothing but space around the commas of a field that it doesn't know", () => {
    const bare = (text: string) => text.replace(/\s+/g, "");
    holds(
      property(string({ unit: quoted, maxLength: 8 }), (text) => {
        expect(bare(normalisedValue("x", text))).toBe(bare(text));
      }),
      500,
    );
  });
});

describe("what is known of how a resource varies", () => {
  const de = { "accept-language": "de, en;q=0.5" };
  const both = { "accept-encoding": "gzip, br" };

  test.each<[string, Fields, Fields, Partial<VaryMark>]>([
    ["nothing", {}, {}, {}],
    ["names", {}, { vary: "B, A" }, { names: ["a", "b"] }],
    [
      "the language of an answer that was selected by it",
      de,
      { vary: "accept-language", "content-language": "DE" },
      { names: ["accept-language"], languages: ["de"] },
    ],
    ["no language of an answer that wasn't", de, { "content-language": "de" }, {}],
    [
      "no language of an answer in two",
      de,
      { vary: "accept-language", "content-language": "de, en" },
      { names: ["accept-language"] },
    ],
    [
      "no language that is none",
      de,
      { vary: "accept-language", "content-language": "=de" },
      { names: ["accept-language"] },
    ],
    [
      "the coding that was chosen",
      both,
      { vary: "accept-encoding", "content-encoding": "gzip" },
      { names: ["accept-encoding"], codings: [{ of: "br, gzip", chosen: "gzip" }] },
    ],
    [
      "that none was chosen",
      both,
      { vary: "accept-encoding" },
      { names: ["accept-encoding"], codings: [{ of: "br, gzip", chosen: "identity" }] },
    ],
    ["no choice that was none", both, { "content-encoding": "zstd" }, { names: ["accept-encoding"] }],
    [
      "no choice of several at once",
      both,
      { "content-encoding": "gzip, br" },
      { names: ["accept-encoding"] },
    ],
    ["no choice of an answer that was always so", both, { vary: "x" }, { names: ["x"] }],
  ])("after one answer: %s", (_, request, answer, expected) => {
    expect(widenMark(NOTHING_VARIES, answering(answer), asking(request))).toEqual(markOf(expected));
  });

  test("takes the latest choice from a set, and keeps those from others, the widest first", () => {
    const choose = (mark: VaryMark, accepted: string, chosen: string) =>
      widenMark(mark, [["content-encoding", chosen]], asking({ "accept-encoding": accepted }));
    const first = choose(choose(NOTHING_VARIES, "gzip", "gzip"), "gzip, br", "gzip");
    expect(choose(first, "br, gzip", "br").codings).toEqual([
      { of: "br, gzip", chosen: "br" },
      { of: "gzip", chosen: "gzip" },
    ]);
  });

  test("remembers 32 languages, and forgets none of them for another", () => {
    const speak = (mark: VaryMark, language: string) =>
      widenMark(mark, answering({ vary: "accept-language", "content-language": language }), asking({}));
    const spoken = Array.from({ length: 40 }, (_, i) => `l${i}`);
    expect(new Set(spoken.reduce(speak, NOTHING_VARIES).languages)).toEqual(new Set(spoken.slice(0, 32)));
  });
});

describe("a variant's place", () => {
  const mark = markOf({
    names: ["accept-encoding", "accept-language", "x"],
    languages: ["de", "en"],
    codings: [{ of: "br, gzip", chosen: "gzip" }],
  });
  const placeOf = (fields: Fields) => selectingValues(mark, asking(fields));

  test.each<[string, Fields, Fields, boolean]>([
    [
      "one preferred language",
      { "accept-language": "de, fr;q=0.5" },
      { "accept-language": "de, en;q=0.1" },
      true,
    ],
    ["another preferred language", { "accept-language": "de" }, { "accept-language": "en" }, false],
    ["no language known", { "accept-language": "fr, de;q=0.9" }, { "accept-language": "fr" }, false],
    ["an absent language is not an empty one", {}, { "accept-language": "" }, false],
    [
      "a language that nobody speaks is not one",
      { "accept-language": "=de" },
      { "accept-language": "de" },
      false,
    ],
    [
      "a part of the codings with the chosen one",
      { "accept-encoding": "gzip" },
      { "accept-encoding": "br, gzip" },
      true,
    ],
    [
      "a part of the codings without it",
      { "accept-encoding": "br" },
      { "accept-encoding": "br, gzip" },
      false,
    ],
    ["more codings", { "accept-encoding": "zstd, gzip" }, { "accept-encoding": "gzip" }, false],
    ["absent codings are none", {}, { "accept-encoding": "identity" }, true],
    ["space around commas", { x: "a , b" }, { x: "a,b" }, true],
    ["another value", { x: "a" }, { x: "b" }, false],
    ["an absent value is not an empty one", {}, { x: "" }, false],
    ["a field that selects nothing", { y: "a" }, { y: "b" }, true],
  ])("%s", (_, one, other, same) => {
    if (same) expect(placeOf(one)).toEqual(placeOf(other));
    else expect(placeOf(one)).not.toEqual(placeOf(other));
  });
});

describe("an answer was selected by a request like this (RFC 9111 §4.1)", () => {
  test.each<[string, VaryValues, Fields, boolean]>([
    ["no Vary", [], { accept: "x" }, true],
    ["the same value", [["accept", "x"]], { accept: "x" }, true],
    ["the same value, padded", [["accept", "x"]], { accept: "  x " }, true],
    ["another value", [["accept", "x"]], { accept: "y" }, false],
    ["another case", [["accept", "x"]], { accept: "X" }, false],
    ["absent in both", [["accept", null]], {}, true],
    ["absent in the request", [["accept", "x"]], {}, false],
    ["absent in the stored one", [["accept", null]], { accept: "x" }, false],
    ["empty is not absent", [["accept", null]], { accept: "" }, false],
    ["absent is not empty", [["accept", ""]], {}, false],
    ["an equals sign in another field says nothing", [["accept", "=x"]], { accept: "x" }, false],
    [
      "no coding and none accepted",
      [["accept-encoding", "identity"]],
      { "accept-encoding": "deflate" },
      true,
    ],
    ["no coding and no field", [["accept-encoding", "identity"]], {}, true],
    ["a coding and no field", [["accept-encoding", "gzip"]], {}, false],
    [
      "of two, one differs",
      [
        ["a", "x"],
        ["b", "1"],
      ],
      { a: "x", b: "0" },
      false,
    ],
    [
      "of two, both agree",
      [
        ["a", "x"],
        ["b", "1"],
      ],
      { a: "x", b: "1" },
      true,
    ],
  ])("%s", (_, vary, fields, expected) => expect(variesFor(vary, asking(fields))).toBe(expected));

  const german = { vary: "accept-language", "content-language": "de" };
  const neutral = { vary: "accept-language" };
  test.each<[string, string | null, Fields, string | null, boolean]>([
    ["its language preferred by both", "de, en;q=0.5", german, "fr;q=0.9, de", true],
    ["its language preferred by both as much as another", "de, en", german, "fr, de", true],
    ["its language preferred by the first only", "de", german, "en, de;q=0.9", false],
    ["its language preferred by the second only", "en, de;q=0.9", german, "de", false],
    [
      "its language preferred by neither, but they say the same",
      "en, de;q=0.9",
      german,
      "en,de;q=0.90",
      true,
    ],
    ["its language, refused by the other", "de", german, "de;q=0", false],
    ["its language, and no preference", "de", german, null, false],
    ["no preference, and its language", null, german, "de", false],
    ["no language, and the same wish", "de", neutral, "DE", true],
    ["no language, and another wish", "de", neutral, "de, en;q=0.5", false],
    ["a wish for what looks like our own note of a language", "=de", neutral, "de", false],
  ])("in a language: %s", (_, one, answer, other, expected) => {
    const wish = (value: string | null): Fields => (value === null ? {} : { "accept-language": value });
    expect(sharedBy(wish(one), answer, wish(other))).toBe(expected);
  });

  const gzipped = { "content-encoding": "gzip" };
  const plain = { vary: "accept-encoding" };
  test.each<[string, string | null, Fields, string | null, boolean]>([
    ["accepted by both", "gzip, br", gzipped, "br, gzip;q=0.5", true],
    ["from a part of the set", "gzip, br", gzipped, "gzip", true],
    ["from another part of the set", "gzip, br", gzipped, "br", false],
    ["from a wider set, of which the origin might choose another", "gzip", gzipped, "gzip, br", false],
    ["not accepted", "gzip", gzipped, null, false],
    ["not accepted, weighed at nothing", "gzip", gzipped, "gzip;q=0", false],
    ["none chosen of a set", "gzip, br", plain, "gzip", true],
    ["none chosen of a set, and none accepted", "gzip, br", plain, null, true],
    ["none chosen, and a coding accepted", null, plain, "gzip", false],
    ["not offered, and the same said again", "br", gzipped, "br", true],
    ["not offered, and not accepted", "br", gzipped, null, false],
  ])("in a coding: %s", (_, one, answer, other, expected) => {
    const wish = (value: string | null): Fields => (value === null ? {} : { "accept-encoding": value });
    expect(sharedBy(wish(one), answer, wish(other))).toBe(expected);
  });
});

const language = constantFrom("de", "en", "fr-ca", "*");
const quality = constantFrom("", ";q=1", ";q=0.9", ";q=0.5", ";q=0", ";q=x");
const wishes = array(record({ language, quality }), { maxLength: 4 });
const languages = wishes.map((list) => list.map((one) => one.language + one.quality).join(", "));
const codings = array(record({ coding: constantFrom("gzip", "br", "zstd", "*", "deflate"), quality }), {
  maxLength: 4,
}).map((list) => list.map(({ coding, quality: weight }) => coding + weight).join(", "));
const requests = record({
  "accept-language": option(languages),
  "accept-encoding": option(codings),
  x: option(constantFrom("", "a", "b", "a,b", "a , b", '"a , b"')),
}).map(
  (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Fields,
);
const answers = record({
  vary: option(
    constantFrom("accept-language", "accept-encoding, x", "accept-language, accept-encoding", "x", "y"),
  ),
  "content-language": option(constantFrom("de", "EN", "fr-CA", "de, en", "*")),
  "content-encoding": option(constantFrom("gzip", "br", "zstd", "identity", "deflate", "gzip, br")),
}).map((fields) =>
  answering(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Fields),
);
const exchanges = array(record({ request: requests, answer: answers }), { maxLength: 6 });
const marks = exchanges.map((list) =>
  list.reduce((mark, { request, answer }) => widenMark(mark, answer, asking(request)), NOTHING_VARIES),
);

describe("whatever is asked and answered", () => {
  test("an answer is usable for the very request that it was made for", () => {
    holds(
      property(marks, requests, answers, (known, request, answer) => {
        const mark = widenMark(known, answer, asking(request));
        expect(variesFor(valuesOfAnswer(mark, asking(request), answer), asking(request))).toBe(true);
      }),
      1000,
    );
  });

  test("that holds for hostile requests too", () => {
    const fields = record({ "accept-language": hostile(), "accept-encoding": hostile(), x: hostile() });
    holds(
      property(fields, answers, (request, answer) => {
        const known = markOf({ names: ["accept-encoding", "accept-language", "x"] });
        const mark = widenMark(known, answer, asking(request));
        expect(variesFor(valuesOfAnswer(mark, asking(request), answer), asking(request))).toBe(true);
      }),
      500,
    );
  });

  test("an answer in a coding reaches nobody who doesn't accept that coding, unless it was forced on its own", () => {
    holds(
      property(requests, requests, answers, (one, other, answer) => {
        const mark = widenMark(NOTHING_VARIES, answer, asking(one));
        const shared = variesFor(valuesOfAnswer(mark, asking(one), answer), asking(other));
        const coding = answer.find(([name]) => name === "content-encoding")?.[1] ?? "identity";
        if (!shared || coding === "identity") return;
        const accepted = (fields: Fields) =>
          normalisedValue("accept-encoding", fields["accept-encoding"] ?? "").split(", ");
        if (accepted(one).includes(coding)) expect(accepted(other)).toContain(coding);
        else expect(accepted(other)).toEqual(accepted(one));
      }),
      2000,
    );
  });

  /** Those of the greatest quality, if that is one at all. */
  const favourites = (value: string): string[] => {
    const weighed = value
      .split(", ")
      .filter(Boolean)
      .map((wish) => {
        const [tag = "", weight] = wish.split(";q=");
        return { tag, weight: weight === undefined ? 1 : Number(weight) || 0 };
      });
    const most = Math.max(...weighed.map(({ weight }) => weight));
    return weighed.filter(({ weight }) => weight === most && weight > 0).map(({ tag }) => tag);
  };

  test("an answer selected by language reaches those who prefer its language or say the same, and nobody else", () => {
    const tongue = constantFrom("de", "en", "fr-ca");
    holds(
      property(languages, languages, option(tongue), (one, other, spoken) => {
        const answer: Fields = {
          vary: "accept-language",
          ...(spoken !== null && { "content-language": spoken }),
        };
        const [mine, theirs] = [one, other].map((value) => normalisedValue("accept-language", value));
        const preferred = spoken !== null && favourites(one).includes(spoken);
        const expected = preferred ? favourites(other).includes(spoken) : mine === theirs;
        expect(sharedBy({ "accept-language": one }, answer, { "accept-language": other })).toBe(expected);
      }),
      2000,
    );
  });

  test("two requests have one variant's key exactly where all that selects is the same", () => {
    const key = (mark: VaryMark, fields: Fields) =>
      variantKey("k" as CacheKey, mark, { header: asking(fields) });
    holds(
      property(marks, requests, requests, (mark, one, other) => {
        const [mine, theirs] = [one, other].map((fields) => selectingValues(mark, asking(fields)));
        expect(key(mark, one) === key(mark, other)).toBe(JSON.stringify(mine) === JSON.stringify(theirs));
      }),
      1000,
    );
  });

  test("a mark only grows, and not by what it knows", () => {
    holds(
      property(marks, requests, answers, (mark, request, answer) => {
        const wider = widenMark(mark, answer, asking(request));
        expect(wider.names).toEqual(expect.arrayContaining([...mark.names]));
        expect(wider.languages).toEqual(expect.arrayContaining([...mark.languages]));
        expect(wider.codings.map(({ of }) => of)).toEqual(
          expect.arrayContaining(mark.codings.map(({ of }) => of)),
        );
        expect(widenMark(wider, answer, asking(request))).toEqual(wider);
      }),
      500,
    );
  });
});

describe("a mark as text", () => {
  test.each<[string, Partial<VaryMark>]>([
    ["", {}],
    ["a b", { names: ["a", "b"] }],
    ["accept-language =de =en-us", { names: ["accept-language"], languages: ["de", "en-us"] }],
    [
      "accept-encoding gzip<br+gzip identity<br",
      {
        names: ["accept-encoding"],
        codings: [
          { of: "br, gzip", chosen: "gzip" },
          { of: "br", chosen: "identity" },
        ],
      },
    ],
  ])("is %j", (text, mark) => {
    expect(formatMark(markOf(mark))).toBe(text);
    expect(parseMark(text)).toEqual(markOf(mark));
  });

  test("is read in whatever order its words come, as L2 unites them", () => {
    expect(parseMark(" gzip<gzip =en  b =de zstd<zstd+br a ")).toEqual({
      names: ["a", "b"],
      languages: ["de", "en"],
      codings: [
        { of: "zstd, br", chosen: "zstd" },
        { of: "gzip", chosen: "gzip" },
      ],
    });
  });

  test("is read back as it was written", () => {
    const names = uniqueArray(constantFrom("accept", "x-a", "!#$%&'*+.^_`|~", "constructor", "y"));
    holds(
      property(marks, names, (mark, more) => {
        const whole = { ...mark, names: [...new Set([...mark.names, ...more])].sort() };
        expect(parseMark(formatMark(whole))).toEqual(whole);
      }),
      500,
    );
  });
});
