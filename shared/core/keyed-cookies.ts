// The cookies that a key is made of, where all origins read the same of them; where they may not, all of `Cookie` is.

import { decoded } from "./no-vary-search.ts";
import { Remembered } from "./remembered.ts";

/** A part a name: `-` where there is no such cookie, `+` before its values, `~` before a field that may be read otherwise. */
export function keyedCookies(header: string | null, names: readonly string[]): readonly string[] {
  if (header === null) return names.map(() => "-");
  const pairs = header.split(";").map((pair) => pair.replace(/^[ \t]+/, ""));
  const decodedNames = header.includes("%") ? pairs.flatMap(decodedName).join(";") : "";
  const torn = header.includes('"') && pairs.some(isTorn);
  return names.map((name) => {
    const start = `${name}=`;
    const values = pairs.filter((pair) => pair.startsWith(start)).map((pair) => pair.slice(start.length));
    const pattern = patterns.of(name, patternOf);
    const found = header.match(pattern)?.length ?? 0;
    const isDisguised = decodedNames.match(pattern) !== null;
    if (found !== values.length || isDisguised || (torn && found > 0)) return `~${header}`;
    // Which of several an origin reads is its own affair.
    return found === 0 ? "-" : `+${values.join(";")}`;
  });
}

/** PHP before 7.2.34 decodes names, too (CVE-2020-7070). */
function decodedName(pair: string): readonly string[] {
  const [name = ""] = pair.split("=", 1);
  return name.includes("%") ? [`${decoded(name)}=`] : [];
}

/** To those who know of quoted strings this one goes on behind the semicolon. */
const isTorn = (pair: string): boolean => !/^[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*)*$/.test(pair);

const patterns = new Remembered<RegExp>({ characters: 65_536, longest: 256 });

/**
 * Where some origin may find the cookie: behind a space or a comma (Python's http.cookies, older servlets), in another
 * case (ASP.NET), behind a `=`, before a space, or without a value. PHP takes `a.b`, `a b` and `a[b` for `a_b`, and
 * `a[b]` for a part of `a`.
 */
function patternOf(name: string): RegExp {
  const spelt = name.replaceAll(/[$()*+./?[\\\]^{|}]/g, "\\$&").replaceAll("_", "[_. []");
  // What comes first is what it looks for: behind is then looked where that is found.
  return new RegExp(`${spelt}(?<=(?:^|[^!-~]|[,;"])=*${spelt})(?=\\s*(?:[=[;]|$))`, "gi");
}
