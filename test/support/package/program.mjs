// A program that uses the package as anybody would: told a database and a source, it reads one key a hundred times at once.

import { createCache } from "tidegate/client";
import { fakeTidegate } from "tidegate/testing";

const [url, token, source] = process.argv.slice(2);
const cache = createCache({ redis: { url, token }, namespace: "program", class: "hot" });
const load = async ({ signal }) => (await fetch(source, { signal })).text();

process.stdin.once("data", async () => {
  const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrFetch("key", load)));
  const stats = cache.stats();
  const fake = fakeTidegate();
  const faked = await fake.clock.until(
    fake.cache({ namespace: "program", class: "hot" }).getOrFetch("key", () => "faked"),
  );
  await cache.dispose();
  const { loads, sharedErrors } = stats;
  console.log(JSON.stringify({ values: [...new Set(values)], loads, sharedErrors, faked }));
  process.stdin.pause();
});
await cache.ready();
console.log("ready");
