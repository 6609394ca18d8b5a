// Sitemaps as they come: locations and nothing else, whatever stands around them and wherever the pieces end.

import { array, constantFrom, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { SitemapScanner } from "../../shared/core/sitemap.ts";
import { assertSeeded } from "./seeded.ts";

interface Scanned {
  readonly kind: string | null;
  readonly found: readonly string[];
  readonly fault: string | null;
}

function scan(pieces: readonly string[]): Scanned {
  const found: string[] = [];
  const scanner = new SitemapScanner({ location: 80, name: 64 }, (location) => found.push(location));
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  return { kind: scanner.kind, found, fault: scanner.fault };
}

const pages = (inside: string): string =>
  `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${inside}</urlset>`;
const one = (location: string): string => pages(`<url><loc>${location}</loc></url>`);
const A = "https://site.test/a";

describe("a sitemap", () => {
  test.each<[string, string, string[]]>([
    ["of one page", one(A), [A]],
    ["of none", pages(""), []],
    ["that is empty by its tag", "<urlset/>", []],
    [
      "with white space around everything",
      `\n <urlset >\n<url >\t<loc>\n ${A} \n</loc ></url>\n</urlset >\n`,
      [A],
    ],
    [
      "behind a byte order mark and a declaration",
      `\ufeff<?xml version="1.0"?><!-- made -->\n${one(A)}`,
      [A],
    ],
    [
      "with more in its entries",
      pages(`<url><lastmod>2026-01-01</lastmod><loc>${A}</loc><priority>1</priority></url>`),
      [A],
    ],
    [
      "whose images have locations of their own",
      pages(`<url><loc>${A}</loc><image:image><image:loc>/i</image:loc></image:image></url>`),
      [A],
    ],
    [
      "with a location that is another's",
      pages(`<url><x:loc>/x</x:loc></url><loc>/y</loc><url><a><loc>/z</loc></a></url>`),
      [],
    ],
    [
      "under a prefix",
      `<s:urlset xmlns:s="x"><s:url><s:loc>${A}</s:loc><loc>/no</loc></s:url></s:urlset>`,
      [A],
    ],
    [
      "with references",
      one("https://site.test/?a=1&amp;b=&lt;&gt;&quot;&apos;&#38;&#x26;"),
      ["https://site.test/?a=1&b=<>\"'&&"],
    ],
    ["whose references are decoded once", one("/?a=&amp;lt;"), ["/?a=&lt;"]],
    [
      "with a bare ampersand and what is no reference",
      one("/?a=1&b=2&nbsp;&#0;&#xd800;"),
      ["/?a=1&b=2&nbsp;&#0;&#xd800;"],
    ],
    ["with character data", one("<![CDATA[/?a=1&b=&amp;]]>"), ["/?a=1&b=&amp;"]],
    ["with character data in between", one("/a<![CDATA[?b]]=]]]>&amp;c"), ["/a?b]]=]&c"]],
    ["with tags that are none", one("<![CDATA[<loc>]]>"), ["<loc>"]],
    ["with a comment in a location", one("/a<!-- </loc> -- > -->b"), ["/ab"]],
    ["with tags in comments", pages(`<!-- <url><loc>/no</loc></url> --><url><loc>${A}</loc></url>`), [A]],
    ["with angle brackets in attributes", pages(`<url a="<loc>" b='">'><loc>${A}</loc></url>`), [A]],
    ["with instructions in between", pages(`<?a <url> ?><url><loc>${A}</loc></url>`), [A]],
    [
      "with links to other languages",
      pages(`<url><loc>${A}</loc><xhtml:link rel="alternate" href="/de"/></url>`),
      [A],
    ],
  ])("%s", (_what, text, found) => {
    expect(scan([text])).toEqual({ kind: "pages", found, fault: null });
  });

  test("an index names sitemaps", () => {
    const text = "<sitemapindex><sitemap><loc>/1.xml</loc></sitemap><url><loc>/no</loc></url></sitemapindex>";
    expect(scan([text])).toEqual({ kind: "sitemaps", found: ["/1.xml"], fault: null });
  });

  test("a location that is too long comes out longer than the limit, whatever it is made of", () => {
    for (const location of ["x".repeat(100_000), `<![CDATA[${"x".repeat(100_000)}]]>`, "&amp;".repeat(1000)])
      expect(scan([one(location)]).found[0]?.length).toBe(81);
  });
});

describe("what is none says why, and what was found before stays found", () => {
  test.each<[string, string, string, string[]]>([
    ["an HTML page", "<html><body></body></html>", "is no sitemap: it begins with <html>", []],
    ["a name that objects have", "<constructor/>", "is no sitemap: it begins with <constructor>", []],
    ["JSON", "{}", "is no sitemap: it is not XML", []],
    ["nothing", "", "is no sitemap", []],
    ["a comment alone", "<!-- -->", "is no sitemap", []],
    ["a document type", "<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset/>", "holds a document type", []],
    ["an end that is missing", pages(`<url><loc>${A}</loc>`).slice(0, -9), "breaks off before its end", [A]],
    ["an end in a comment", `${one(A).slice(0, -9)}<!-- </urlset>`, "breaks off before its end", [A]],
    [
      "a tag that closes another",
      "<urlset><url></urlset>",
      "is not well-formed: </urlset> closes nothing that is open",
      [],
    ],
    ["a second root", "<urlset/><urlset/>", "is not well-formed: more follows its end", []],
    ["a tag without a name", "<urlset>< url></urlset>", "is not well-formed: a tag has no name", []],
    ["a name without end", `<${"u".repeat(100)}`, "holds a name that is too long", []],
    ["elements without end", `<urlset>${"<url>".repeat(40)}`, "is nested too deeply", []],
  ])("%s", (_what, text, fault, found) => {
    expect(scan([text])).toMatchObject({ fault, found });
  });
});

const PIECES = [
  "<",
  ">",
  "/",
  "urlset",
  "url",
  "loc",
  "<loc>",
  "</loc>",
  "<url>",
  "</url>",
  "<urlset>",
  "</urlset>",
];
const MORE = [
  "<!--",
  "-->",
  "-",
  "<![CDATA[",
  "]]>",
  "]",
  "<?",
  "?>",
  "&",
  "amp;",
  "&amp;",
  '"',
  "'",
  " ",
  "a",
  "\ufeff",
  "!",
];

test("where the pieces end makes no difference", () => {
  const text = array(constantFrom(...PIECES, ...MORE), { maxLength: 60 });
  const cut = (whole: string, size: number): string[] => whole.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
  assertSeeded(
    property(text, integer({ min: 1, max: 7 }), (parts, size) => {
      const whole = `<urlset><url><loc>${parts.join("")}`;
      expect(scan(cut(whole, size))).toEqual(scan([whole]));
    }),
    500,
  );
});

test("any URL in its references comes out as it is", () => {
  const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);
  assertSeeded(
    property(string({ unit: "grapheme-ascii", minLength: 1, maxLength: 6 }), (text) => {
      expect(scan([one(escaped(text))]).found).toEqual([text.trim()]);
    }),
    300,
  );
});

test("work grows with the length alone: a megabyte of openings, quotes or marks takes no longer than one of text", () => {
  const timed = (text: string): number => {
    const begun = performance.now();
    scan([`<urlset a="${text}`]);
    scan([`<urlset><url><loc>${text}`]);
    scan([`<urlset><!--${text}`]);
    return performance.now() - begun;
  };
  for (const part of ["<", "<![CDATA[", "]]", "--", "&", "&#", "a"]) {
    const text = part.repeat(Math.floor(1_000_000 / part.length));
    expect(timed(text), part).toBeLessThan(3000);
  }
});
