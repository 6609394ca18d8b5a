// Where somebody signs in with a token.

import { FormToken, type Frame, Page } from "../frame/page.tsx";

interface SignInProps {
  readonly frame: Frame;
  /** Why the last try was turned away. */
  readonly refused?: string | null;
  /** Where it leads to. */
  readonly to: string;
}

export const SignInPage = ({ frame, refused = null, to }: SignInProps) => (
  <Page frame={frame} title="Sign in">
    <section class="sign-in" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      <p>
        With a token of this control plane. <code>npm start</code> names the file that holds the first one.
      </p>
      {refused === null ? null : (
        <p class="banner bad" role="alert" id="sign-in-refused">
          {refused}
        </p>
      )}
      <form method="post" action="/sign-in">
        <FormToken frame={frame} />
        <input type="hidden" name="to" value={to} />
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          maxlength={512}
          aria-describedby={refused === null ? undefined : "sign-in-refused"}
        />
        <button type="submit">Sign in</button>
      </form>
    </section>
  </Page>
);

/** A cookie that is kept from other sites' requests does not come with their links either: asked for again, it does. */
export const AskAgain = ({ to }: { readonly to: string }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>Tidegate</title>
      <meta http-equiv="refresh" content={`0;url=${to}`} />
    </head>
    <body>
      <p>
        <a href={to}>Go on</a>
      </p>
    </body>
  </html>
);
