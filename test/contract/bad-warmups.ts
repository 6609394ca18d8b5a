// Bodies of warm-ups that are refused, each with the place of its fault.

export const many = (count: number, of = "t"): string[] =>
  Array.from({ length: count }, (_, i) => `${of}${i}`);

const variant = (...headers: Record<string, string>[]) => ({
  urls: ["/a"],
  variants: headers.map((of) => ({ headers: of })),
});
const languages = (count: number) =>
  many(count, "l").map((name) => ({ headers: { "accept-language": name } }));

export const BAD_WARMUPS: readonly [why: string, body: unknown, pointer: string][] = [
  ["no URLs", {}, "/urls"],
  ["an empty list", { urls: [] }, "/urls"],
  ["10001 URLs", { urls: many(10_001, "/") }, "/urls"],
  ["a URL of a foreign host", { urls: ["http://169.254.169.254/latest"] }, "/urls/0"],
  ["a URL of another site", { urls: ["/a", "http://shop.test/"] }, "/urls/1"],
  ["a file", { urls: ["file:///etc/passwd"] }, "/urls/0"],
  ["an unknown edge", { urls: ["/a"], edges: ["one", "two"] }, "/edges/1"],
  ["no edge", { urls: ["/a"], edges: [] }, "/edges"],
  ["a rate of nought", { urls: ["/a"], ratePerSecond: 0 }, "/ratePerSecond"],
  ["a concurrency of 65", { urls: ["/a"], concurrency: 65 }, "/concurrency"],
  ["an unknown field", { urls: ["/a"], url: "/b" }, "/url"],
  ["a sitemap of another site", { sitemap: "http://shop.test/sitemap.xml" }, "/sitemap"],
  ["a sitemap of the machine's own", { sitemap: "http://localhost/sitemap.xml" }, "/sitemap"],
  ["two sitemaps", { sitemap: ["/a.xml", "/b.xml"] }, "/sitemap"],
  ["a manifest without what is after", { manifest: { before: ["/a"] } }, "/manifest/after"],
  ["a manifest that is a number", { manifest: { after: 1 } }, "/manifest/after"],
  [
    "a manifest at another site",
    { manifest: { before: "http://shop.test/m", after: [] } },
    "/manifest/before",
  ],
  ["a manifest that names nothing", { manifest: { after: { "a/b~c": 1 } } }, "/manifest/after/a~1b~0c"],
  [
    "a manifest with a file of another site",
    { manifest: { after: ["/a", "http://shop.test/b"] } },
    "/manifest/after/1",
  ],
  [
    "a chunk with bad styles",
    { manifest: { after: { a: { file: "a", css: [""] } } } },
    "/manifest/after/a/css/0",
  ],
  [
    "a file with a bad digest",
    { manifest: { after: [{ url: "/a", digest: 1 }] } },
    "/manifest/after/0/digest",
  ],
  ["a base of another site", { manifest: { base: "http://shop.test/", after: ["a"] } }, "/manifest/base"],
  ["a dry run that is waited for", { urls: ["/a"], dryRun: true, wait: true }, "/wait"],
  ["neither URLs nor what is hot", {}, "/urls"],
  ["what is hot in a class that there is not", { hot: { class: "hott", top: 5 } }, "/hot/class"],
  ["what is hot, of nobody knows how many", { hot: {} }, "/hot/top"],
  ["more of what is hot than is remembered", { hot: { top: 1001 } }, "/hot/top"],
  ["no variants", { urls: ["/a"], variants: [] }, "/variants"],
  [
    "a variant by a header that chooses none",
    variant({ "User-Agent": "x" }),
    "/variants/0/headers/User-Agent",
  ],
  ["a variant by credentials", variant({ authorization: "x" }), "/variants/0/headers/authorization"],
  ["a variant by cookies that no key names", variant({ cookie: "a=1" }), "/variants/0/headers/cookie"],
  ["a header with a line end", variant({ accept: "a\nb" }), "/variants/0/headers/accept"],
  ["two variants that are the same", variant({ accept: "a" }, { Accept: " a" }), "/variants/1"],
  ["more requests than may be", { urls: many(7000, "/"), variants: languages(15) }, "/variants"],
];
