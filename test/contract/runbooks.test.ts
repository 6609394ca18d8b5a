// The runbooks: one page for each alert rule, linked by it, with what a person needs at night.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { readAlerting } from "../../control-plane/alerts/settings.ts";
import { runbookOf, withUnit } from "../../control-plane/alerts/wording.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { runbookBase } = readAlerting({}, []);
const FOLDER = join(ROOT, runbookBase);

test.each(RULES)(
  "$id has its page, which says when it fires and what to do",
  ({ id, title, severity, threshold, unit }) => {
    const page = readFileSync(join(ROOT, runbookOf(id, runbookBase)), "utf8");
    expect(page).toContain(`# ${title}\n\nRule \`${id}\`, severity ${severity}.`);
    for (const section of [
      "**What it means.**",
      "**Who notices.**",
      "## Look",
      "## Do",
      "## It is over when",
    ])
      expect(page).toContain(section);
    // Of a class's own threshold, and of something that is so or not, the page speaks in words.
    if (threshold > 1 || unit === "seconds")
      expect(page).toContain(unit === "seconds" ? withUnit(threshold, unit) : String(threshold));
  },
);

test("no page is of a rule that there is not, and what pages lead to is there", () => {
  const pages = readdirSync(FOLDER);
  expect(pages.sort()).toEqual(RULES.map(({ id }) => `${id}.md`).sort());
  const broken = pages.flatMap((name) => {
    const links = [...readFileSync(join(FOLDER, name), "utf8").matchAll(/\]\(([^)#]+)\)/g)];
    return links.flatMap(([, to = ""]) =>
      existsSync(join(dirname(join(FOLDER, name)), to)) ? [] : [`${name}: ${to}`],
    );
  });
  expect(broken).toEqual([]);
});

test("a base of one's own leads to it", () => {
  expect(runbookOf("hit-rate", "https://wiki.test/tidegate/")).toBe("https://wiki.test/tidegate/hit-rate.md");
});
