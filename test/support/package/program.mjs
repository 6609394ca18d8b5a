// A program that uses the package as anybody would: told a database and a source, it reads each key that it is told a hundred times at once.

import { createInterface } from "node:readline";
import { createCache } from "tidegate/client";
import { fakeTidegate } from "tidegate/testing";

const [url, token, source] = process.argv.slice(2);
const cache = createCache({ redis: { url, token }, namespace: "program", class: "hot" });
const load = async ({ signal }) => (await fetch(source, { signal })).text();

await cache.ready();
console.log("ready");
for await (const key of createInterface({ input: process.stdin })) {
  const before = cache.stats();
  const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrFetch(key, load)));
  const loads = cache.stats().loads - before.loads;
  const fake = fakeTidegate();
  const faked = await fake.clock.until(
    fake.cache({ namespace: "program", class: "hot" }).getOrFetch("key", () => "faked"),
  );
  console.log(JSON.stringify({ values: [...new Set(values)], loads, faked }));
}
await cache.dispose();
