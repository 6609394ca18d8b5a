// How the demo site looks: its style sheet, its script, and the frame around every page.

import { createHash } from "node:crypto";

const inlineStyle = `
:root{--ink:#12303f;--sea:#0f6c81;--foam:#eef5f4;--sand:#f7f1e5;--buoy:#d9512c;--line:#cfdedd}
*{box-sizing:border-box}body{margin:0;font:17px/1.6 Georgia,"Iowan Old Style",serif;color:var(--ink);background:var(--foam)}
header,main,footer{max-width:62rem;margin:auto;padding:1rem 1.5rem}
header{display:flex;gap:1.5rem;align-items:baseline;flex-wrap:wrap;border-bottom:3px double var(--line)}
header b{font-size:1.6rem;letter-spacing:.04em}nav{display:flex;gap:1rem;flex-wrap:wrap;font:15px/1.6 system-ui,sans-serif}
a{color:var(--sea)}a:hover,a:focus-visible{color:var(--buoy)}h1{font-size:2.1rem;line-height:1.2;margin:1.5rem 0 .5rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem;padding:0;list-style:none}
.card{background:#fff;border:1px solid var(--line);border-radius:.5rem;overflow:hidden;display:block;text-decoration:none;color:inherit}
.card img{width:100%;display:block}.card div{padding:.7rem .9rem 1rem}.card small,footer{color:#4d6873}
.price{color:var(--buoy);font-weight:bold}.hero{background:var(--sand);padding:.6rem 1.5rem 1.4rem;border-radius:.5rem;margin-top:1rem}
.product{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));align-items:start}.product img{width:100%;border-radius:.5rem}
time{font:2.4rem/1.4 ui-monospace,monospace}footer{font:14px/1.6 system-ui,sans-serif;border-top:1px solid var(--line);margin-top:2rem}
@media(prefers-color-scheme:dark){:root{--ink:#dfeceb;--sea:#74c7d8;--foam:#0c1d26;--sand:#13303c;--buoy:#ff9a74;--line:#27434f}.card{background:#10272f}.card small,footer{color:#9db6bd}}
`.trim();

export const stylesheet = `#served{font:inherit;padding:.3rem .8rem;border:1px solid currentColor;border-radius:1rem;background:none;color:inherit;cursor:pointer}
#served+output{display:block;white-space:pre-wrap;font-family:ui-monospace,monospace;margin-top:.5rem}
`;

// A request's own Cache-Control keeps the browser from adding no-cache, which a cache would have to obey.
export const script = `const button = document.getElementById("served");
button?.addEventListener("click", async () => {
  const request = { method: "HEAD", cache: "no-store", headers: { "Cache-Control": "max-age=31536000" } };
  const { headers } = await fetch(location.href, request);
  const shown = ["cache-status", "age", "x-origin-request", "etag", "date"];
  const lines = shown.map((name) => name + ": " + (headers.get(name) ?? "none"));
  button.nextElementSibling.textContent = lines.join("\\n");
});
`;

export const stylesheetPath = `/assets/app.${digest(stylesheet)}.css`;
export const scriptPath = `/assets/app.${digest(script)}.js`;

type Page = { readonly title: string; readonly main: string };

/** A whole document; `main` is HTML already, `title` is text. */
export function page({ title, main }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Harbour</title>
<link rel="icon" href="/images/1.svg">
<style>${inlineStyle}</style>
<link rel="stylesheet" href="${stylesheetPath}">
<script src="${scriptPath}" defer></script>
</head>
<body>
<header><b>Harbour</b><nav><a href="/">Home</a><a href="/news">News</a><a href="/clock">Clock</a><a href="/hot/scores">Scores</a><a href="/slow">Slow page</a><a href="/account">Account</a></nav></header>
<main>
${main}
</main>
<footer><p>Harbour is a made-up shop and newspaper: the origin that Tidegate is tried with.</p><button id="served">How was this page served?</button><output></output></footer>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function digest(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}
