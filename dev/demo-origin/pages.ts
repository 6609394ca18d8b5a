// The demo site's HTML pages, as text made from what they show.

import { type Article, articles, type Product } from "./catalogue.ts";
import { escapeHtml, page } from "./look.ts";

export function homePage(products: readonly Product[]): string {
  return page({
    title: "Home",
    main: `<section class="hero"><h1>Things that last, news that doesn't</h1>
<p>Goods for sea and shore, and the paper the harbour reads.</p></section>
<h2>In the shop</h2>
<ul class="cards">${products.map(card).join("\n")}</ul>
<h2>In the paper</h2>
${newsList(articles)}`,
  });
}

export function productPage(product: Product): string {
  const { id, name, about, stock } = product;
  return page({
    title: name,
    main: `<div class="product"><img src="/images/${id}.png" alt="" width="320" height="200">
<div><h1>${escapeHtml(name)}</h1><p>${escapeHtml(about)}</p><p class="price">${price(product)}</p>
<p>${stock > 0 ? `${stock} in stock` : "Sold out"} · <a href="/api/products/${id}">as JSON</a></p></div></div>`,
  });
}

export function newsPage(): string {
  return page({ title: "News", main: `<h1>The Harbour paper</h1>\n${newsList(articles)}` });
}

export function articlePage({ title, text }: Article): string {
  return page({ title, main: `<article><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></article>` });
}

/** `at` in milliseconds since 1970, shown to the second. */
export function clockPage(at: number): string {
  const shown = new Date(at).toISOString().slice(0, 19);
  return page({
    title: "Clock",
    main: `<h1>The harbour clock</h1><time datetime="${shown}Z">${shown.slice(11)} UTC</time>
<p>This page is another every second, fresh for one, and may be served stale for five more.</p>`,
  });
}

export function slowPage(milliseconds: number): string {
  return page({
    title: "Slow page",
    main: `<h1>Worth the wait</h1><p>The origin took ${milliseconds} ms over this page. It is fresh for five seconds.</p>`,
  });
}

export function accountPage(visit: number): string {
  return page({
    title: "Account",
    main: `<h1>Your account</h1><p>Nobody else sees this page: it was made for request ${visit} alone.</p>`,
  });
}

export function notFoundPage(): string {
  return page({ title: "Not found", main: "<h1>Lost at sea</h1><p>There is no such page.</p>" });
}

export function robots(base: string): string {
  return `User-agent: *\nDisallow: /account\nDisallow: /session/\n\nSitemap: ${base}/sitemap.xml\n`;
}

export function sitemap(base: string, products: readonly Product[]): string {
  const paths = [
    "/",
    "/news",
    ...articles.map(({ id }) => `/news/${id}`),
    ...products.map(({ id }) => `/products/${id}`),
  ];
  const urls = paths.map((path) => `<url><loc>${escapeHtml(base + path)}</loc></url>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.join("\n")}
</urlset>
`;
}

function card(product: Product): string {
  const { id, name } = product;
  return `<li><a class="card" href="/products/${id}"><img src="/images/${id}.svg" alt="" width="320" height="200"><div>${escapeHtml(name)}<br><small class="price">${price(product)}</small></div></a></li>`;
}

function newsList(list: readonly Article[]): string {
  return `<ul>${list.map(({ id, title }) => `<li><a href="/news/${id}">${escapeHtml(title)}</a></li>`).join("\n")}</ul>`;
}

function price({ priceCents }: Product): string {
  return `€ ${(priceCents / 100).toFixed(2)}`;
}
