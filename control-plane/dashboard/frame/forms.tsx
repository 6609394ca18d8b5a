// The two forms by which something is ordered here: one that tries it dry, and one that does it.

import type { Child } from "hono/jsx";
import { FormToken, type Frame } from "./page.tsx";
import { SiteChoice } from "./parts.tsx";

interface OrderProps {
  readonly frame: Frame;
  /** Also begins the ids of its fields. */
  readonly name: "purge" | "warm";
  readonly label: string;
  readonly sites: readonly string[];
  readonly site: string;
  readonly children?: Child;
}

export const OrderForm = ({ frame, name, label, sites, site, children }: OrderProps) => (
  <form class="form" method="post" action={`/${name}`} aria-label={label}>
    <FormToken frame={frame} />
    <SiteChoice id={`${name}-site`} sites={sites} chosen={site} />
    {children}
  </form>
);

/** What was sent before, sent once more. */
export const Kept = ({ fields }: { readonly fields: object }) => (
  <>
    {Object.entries(fields).map(([name, value]) =>
      value === "" ? null : <input type="hidden" name={name} value={String(value)} />,
    )}
  </>
);

interface ConfirmProps {
  readonly frame: Frame;
  readonly name: "purge" | "warm";
  readonly label: string;
  readonly fields: object;
  /** Under which it is done once, however often the button is pressed. */
  readonly operation: string;
  /** The button that does it, and the place that the other one leads to. */
  readonly button: Child;
  readonly back: string;
}

export const ConfirmForm = ({ frame, name, label, fields, operation, button, back }: ConfirmProps) => (
  <form class="form" method="post" action={`/${name}`} aria-label={label}>
    <FormToken frame={frame} />
    <Kept fields={fields} />
    <input type="hidden" name="operation" value={operation} />
    <div class="buttons">
      {button}
      <a class="button second" href={back}>
        Leave it
      </a>
    </div>
  </form>
);
