// The form in which URLs are read: one for all spellings that mean the same, and how origins may take a path beyond that.

import { array, constantFrom, oneof, property, record, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { hasDotSegment, namesOf, readAs, readingsOf, spellingsOf } from "../../shared/core/spelling.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { holds } from "./samples.ts";

describe("a URL is read as", () => {
  test.each([
    ["itself", "/a/b.c;d=1?x=1&y=/#".slice(0, -1), "/a/b.c;d=1?x=1&y=/"],
    ["letters", "/site/%61cc%6funt/%4De", "/site/account/Me"],
    ["unreserved marks", "/%7eu/%2D%2e%5f", "/~u/-._"],
    ["other visible characters", "/it%27s%20%28a%29%3B%3a%40%2B%2A", "/it's%20(a);:@+*"],
    ["capital digits", "/%e3%82%ab/%ff%0a%7f", "/%E3%82%AB/%FF%0A%7F"],
    ["escapes of what lies beyond ASCII", "/カ/é\ud800", "/%E3%82%AB/%C3%A9%EF%BF%BD"],
    ["a space", "/a b", "/a%20b"],
    ["escaped slashes and backslashes", "/a%2fb%5cc", "/a%2Fb%5Cc"],
    ["what would begin a query or a fragment", "/a%3fb%23c", "/a%3Fb%23c"],
    ["a percent sign", "/100%25/%2561", "/100%25/%2561"],
    ["a percent sign that escapes nothing", "/a%/%zz%4/%%361", "/a%25/%25zz%254/%2561"],
    ["a query's letters", "/a?%6b=%76%3F%2f", "/a?k=v?/"],
    ["a query's divisions", "/a?a=1%262%3d3%2B4%23%25", "/a?a=1%262%3D3%2B4%23%25"],
    ["a query's spaces", "/a+b?c+d%20e", "/a+b?c%20d%20e"],
    ["an empty query", "/%61?", "/a?"],
  ])("%s: %s", (_what, text, form) => {
    expect(readAs(text)).toBe(form);
    expect(readAs(form)).toBe(form);
  });

  test("the same text where there is nothing to do", () => {
    const text = "/a/(b)/c;d,e@f:g!*'?h=i&j=[k]|l";
    expect(readAs(text)).toBe(text);
    expect(spellingsOf(text)).toEqual([text]);
  });
});

const UNRESERVED = "abcXYZ019-._~";
const escaped = (text: string): string =>
  [...new TextEncoder().encode(text)].map((octet) => `%${octet.toString(16).padStart(2, "0")}`).join("");

/** A piece of a URL in two spellings that RFC 3986 §6.2.2 says are equivalent. */
const piece = oneof(
  constantFrom(...UNRESERVED).chain((char) =>
    record({
      one: constantFrom(char, escaped(char)),
      other: constantFrom(char, escaped(char).toUpperCase()),
    }),
  ),
  constantFrom(..."/;:@!$&'()*+,=?").map((char) => ({ one: char, other: char })),
  constantFrom(...'/?#%\\;:@&=+* "<\u0000éカ').map((char) => ({
    one: escaped(char),
    other: escaped(char).toUpperCase(),
  })),
);

test("equivalent spellings have one form, which is read as itself", () => {
  holds(
    property(array(piece), (pieces) => {
      const one = readAs(`/${pieces.map(({ one }) => one).join("")}`);
      expect(readAs(`/${pieces.map(({ other }) => other).join("")}`)).toBe(one);
      expect(readAs(one)).toBe(one);
    }),
    2000,
  );
});

test("any text is read once and for all, also through a parser of URLs", () => {
  const texts = oneof(
    string({ unit: "binary" }),
    array(constantFrom(..."%2356aAfF/?+\\é")).map((all) => all.join("")),
  );
  holds(
    property(texts, (text) => {
      const form = readAs(`/a${text}`);
      expect(form).toMatch(/^(?:[!-$&-~]|%[0-9A-F]{2})*$/);
      expect(readAs(form)).toBe(form);
      const parsed = parseUrl(`http://h/a${text}`)?.parts;
      if (parsed === undefined) return;
      const path = readAs(parsed.path);
      // Whoever purges by the form names what has it.
      if (!hasDotSegment(path)) expect(readAs(parseUrl(`http://h${path}`)?.parts.path ?? "")).toBe(path);
    }),
    500,
  );
});

describe("an origin may take", () => {
  test.each([
    ["/a%2Fb%5Cc", "/a/b/c"],
    ["/a//b///c/", "/a/b/c/"],
    ["//a", "/a"],
    ["/a;x=1/b;/c;y/", "/a/b/c/"],
    ["/a;.css", "/a"],
    ["/a%3f.css", "/a"],
    ["/a%23/b", "/a"],
    ["/a/b%00.css", "/a/b"],
    ["/a%0a.css", "/a"],
    ["/a%253F.css", "/a"],
    ["/%2561", "/a"],
    ["/a%252Fb", "/a/b"],
    ["/100%25", "/100%25"],
    ["/...", "/..."],
    ["/a/.b/..c", "/a/.b/..c"],
  ])("%s for %s", (text, path) => {
    expect(readingsOf(readAs(text))?.at(-1)).toBe(path);
    expect(readingsOf(readAs(text))?.some(hasDotSegment)).toBe(false);
    expect(namesOf(text)).toContain(path);
  });

  test.each([
    ["/assets/..%2faccount", "/account"],
    ["/assets/..%5caccount", "/account"],
    ["/assets/..;/account", "/account"],
    ["/assets/..;x=1/account", "/account"],
    ["/assets/..%3b/account", "/account"],
    ["/assets/x%2f..%2f..%2faccount", "/account"],
    ["/assets/%2e%2e%2faccount", "/account"],
    ["/assets/%252e%252e%252faccount", "/account"],
    ["/assets/%25%32%65./account", "/account"],
    ["/assets/%%32e./account", "/account"],
    ["/assets/..%2f..%2f..%2f", "/"],
    ["/assets/a/..%2f", "/assets/"],
    ["/assets/.%2faccount", "/assets/account"],
    ["/assets/account%2f..", "/assets/"],
    ["/assets/..%00/account", "/"],
    ["/assets/x%3f/..%2faccount", "/assets/x"],
    ["/assets/..;x%2fy/account", "/account"],
    ["/assets/account%2f.", "/assets/account/"],
  ])("%s for %s, by dots that nobody has resolved", (text, path) => {
    expect(readingsOf(readAs(text))?.some(hasDotSegment)).toBe(true);
    expect(namesOf(text)).toContain(path);
  });

  test("what holds nothing of that as it stands", () => {
    const path = "/a/b.c/%E3%82%AB%20%FF";
    expect(readingsOf(path)).toEqual([path]);
  });

  test("one for several, since each takes some liberties and not others", () => {
    expect(readingsOf("/account;x%2Fy/z")).toEqual(
      expect.arrayContaining(["/account;x%2Fy/z", "/account/z", "/account;x/y/z", "/account/y/z"]),
    );
    expect(readingsOf("/img/https:%2F%2Fa.test%2Fb%3Fc=d/e")).toHaveLength(6);
  });

  test("one for more than are looked at, however long it is", () => {
    expect(readingsOf("/a;b%2Fc%5Cd%253Be%3Ff//g%00h")).toBeNull();
    expect(readingsOf(`/${"a;b%2Fc%5Cd%253Be%3Ff//g%00h".repeat(300)}`)).toBeNull();
  });
});

test("a URL's names are its form, its letters, and what origins may take it for", () => {
  expect(namesOf("/a/b?c=d")).toEqual(["/a/b?c=d"]);
  expect(namesOf("/%7eu?%63=d")).toEqual(["/~u?c=d", "/%7eu?%63=d"]);
  expect(namesOf("/a%2fb?c=%64")).toEqual(["/a%2Fb?c=d", "/a%2fb?c=%64", "/a/b?c=d"]);
  expect(namesOf("/a;x?;y")).toEqual(["/a;x?;y", "/a?;y"]);
});

test("each origin takes some liberties, so a URL has a name by each of its readings", () => {
  expect(namesOf("/a;b%2Fc")).toEqual(["/a;b%2Fc", "/a", "/a;b/c", "/a/c"]);
  expect(namesOf("/a//..%2fb")).toEqual(expect.arrayContaining(["/a/b", "/b"]));
});

test("what has more readings than are looked at has the one by which all liberties are taken", () => {
  expect(namesOf("/a;b%2Fc%5Cd%253Be%3Ff//g%00h")).toEqual(["/a;b%2Fc%5Cd%253Be%3Ff//g%00h", "/a/g"]);
});
