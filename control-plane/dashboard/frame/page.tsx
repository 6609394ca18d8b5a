// The frame around every page: its head, the way to each question, who is signed in, and which look is wanted.

import type { Child } from "hono/jsx";
import type { Principal } from "../../tokens/scopes.ts";
import { DARK, SCRIPT, STYLE } from "../made.ts";

export type Theme = "auto" | "light" | "dark";

/** What every page is given beside its own content. */
export interface Frame {
  readonly theme: Theme;
  /** Null before somebody has signed in. */
  readonly principal: Principal | null;
  /** What its forms carry. */
  readonly form: string;
  /** Path and query, to come back to. */
  readonly here: string;
  /** Whether anything may be broken on purpose here. */
  readonly breaks: boolean;
}

interface PageProps {
  readonly frame: Frame;
  readonly title: string;
  /** Where the page's figures come from as they change; null where nothing does. */
  readonly live?: string | null;
  /** Seconds after which a page that is waiting for something is asked for anew where no script runs. */
  readonly again?: number | null;
  readonly children?: Child;
}

export function Page({ frame, title, live = null, again = null, children }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={frame.theme === "auto" ? "light dark" : frame.theme} />
        <title>{`${title} · Tidegate`}</title>
        <link rel="icon" href="/assets/tidegate.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={STYLE.path} />
        {frame.theme === "light" ? null : (
          <link rel="stylesheet" href={DARK.path} media={DARK_WHEN[frame.theme]} />
        )}
        {again === null ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(again)} />
          </noscript>
        )}
        <script src={SCRIPT.path} defer />
      </head>
      <body data-events={live ?? undefined}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Top frame={frame} />
        <main id="main">
          {live === null ? null : <Cut frame={frame} />}
          {children}
        </main>
        <Foot frame={frame} />
      </body>
    </html>
  );
}

const DARK_WHEN = { auto: "(prefers-color-scheme: dark)", dark: "all" } as const;

const QUESTIONS = [
  ["working", "Working"],
  ["origin", "Origin"],
  ["stale", "Stale"],
  ["shards", "Shards"],
  ["invalidations", "Purges"],
  ["warmups", "Warm-ups"],
  ["keys", "Keys"],
  ["journal", "Journal"],
  ["audit", "Audit"],
] as const;

function Top({ frame }: { readonly frame: Frame }) {
  return (
    <header class="top">
      <a class="mark" href="/">
        <svg width="26" height="20" viewBox="0 0 26 20" aria-hidden="true">
          <path d="M1 7c4 0 4-5 8-5s4 5 8 5 4-5 8-5" />
          <path d="M1 13c4 0 4-5 8-5s4 5 8 5 4-5 8-5" />
          <path d="M1 19c4 0 4-5 8-5s4 5 8 5 4-5 8-5" />
        </svg>
        Tidegate
      </a>
      {frame.principal === null ? null : (
        <nav aria-label="Questions">
          {QUESTIONS.map(([id, name]) => (
            <a href={`/#${id}`}>{name}</a>
          ))}
          {frame.breaks ? <a href="/#chaos">Chaos</a> : null}
          <a href="/explain">Explain</a>
        </nav>
      )}
      <div class="who">
        <ThemeSwitch frame={frame} />
        {frame.principal === null ? null : (
          <form method="post" action="/sign-out">
            <FormToken frame={frame} />
            <button type="submit" class="quiet" title={`Signed in as ${frame.principal.name}`}>
              Sign out
            </button>
          </form>
        )}
      </div>
    </header>
  );
}

const NEXT = { auto: "dark", dark: "light", light: "auto" } as const;
const LOOKS = { auto: "Auto", dark: "Dark", light: "Light" } as const;

/** A form, so that it needs no script; the cookie that it sets holds one of three words. */
function ThemeSwitch({ frame }: { readonly frame: Frame }) {
  const next = NEXT[frame.theme];
  return (
    <form method="post" action="/theme">
      <FormToken frame={frame} />
      <input type="hidden" name="theme" value={next} />
      <input type="hidden" name="back" value={frame.here} />
      <button
        type="submit"
        class="quiet"
        aria-label={`Look: ${LOOKS[frame.theme]}. Change to ${LOOKS[next]}.`}
      >
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <circle cx="7" cy="7" r="6" class="rim" />
          <path d="M7 1a6 6 0 0 1 0 12z" class="half" />
        </svg>
        {LOOKS[frame.theme]}
      </button>
    </form>
  );
}

/** Shown by the script when nothing comes any more: figures that stand still look like those of a quiet hour. */
const Cut = ({ frame }: { readonly frame: Frame }) => (
  <p class="banner bad cut" role="alert" data-cut hidden>
    The control plane does not answer, or you are signed out. What stands here is as it was:{" "}
    <a href={frame.here}>load it again</a>.
  </p>
);

function Foot({ frame }: { readonly frame: Frame }) {
  return (
    <footer class="foot">
      <p>
        All times are UTC. <a href="/docs">The API</a>
        {frame.principal === null ? null : ` · Signed in as ${frame.principal.name}`}
      </p>
    </footer>
  );
}

export const FormToken = ({ frame }: { readonly frame: Frame }) => (
  <input type="hidden" name="form" value={frame.form} />
);
