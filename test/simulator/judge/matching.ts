// Which resources an invalidation names, worked out from its text alone and without the code under test.

import { HOST, inOrder, SITE } from "../plan/work.ts";

export interface Subject {
  /** Path and query. */
  readonly path: string;
  readonly class: string;
  readonly tags: readonly string[];
  /** Named by its query in any order. */
  readonly orderless: boolean;
}

export function hits(selector: string, subject: Subject): boolean {
  const [site, kind, name = ""] = selector.split(" ");
  if (site !== SITE) return false;
  switch (kind) {
    case "e":
      return true;
    case "h":
      return name === HOST;
    case "c":
      return name === subject.class;
    case "t":
      return subject.tags.includes(name);
    case "u":
      return subject.orderless
        ? inOrder(name) === inOrder(HOST + subject.path)
        : name === HOST + subject.path;
    case "p": {
      const [path = ""] = subject.path.split("?");
      const full = HOST + path;
      return full === name || full.startsWith(name.endsWith("/") ? name : `${name}/`);
    }
    default:
      throw new Error(`no such selector: ${selector}`);
  }
}
