// The dashboard's script: keeps an open page up to date as its events tell, and draws its charts.

import { draw } from "./charts.ts";
import { replaceParts } from "./parts.ts";

const { events } = document.body.dataset;
if (events !== undefined) follow(events);
document.documentElement.dataset.ready = "true";

function follow(path: string): void {
  const source = new EventSource(path);
  const cut = document.querySelector<HTMLElement>("[data-cut]");
  const tell = (isCut: boolean): void => {
    if (cut !== null) cut.hidden = !isCut;
  };
  source.addEventListener("parts", ({ data }) => replaceParts(JSON.parse(data)));
  source.addEventListener("charts", ({ data }) => draw(JSON.parse(data)));
  source.addEventListener("over", () => source.close());
  source.addEventListener("open", () => tell(false));
  // A stream that ends is asked for again by the browser itself; one that was refused is not.
  source.addEventListener("error", () => tell(true));
  // What nobody looks at need not be kept up to date.
  window.addEventListener("pagehide", () => source.close());
}
