// A page that says one thing: what was refused, or can't be had, and where to go on.

import { type Frame, Page } from "./page.tsx";

export const Notice = ({
  frame,
  title,
  text,
}: {
  readonly frame: Frame;
  readonly title: string;
  readonly text: string;
}) => (
  <Page frame={frame} title={title}>
    <section class="narrow" aria-labelledby="notice-title">
      <h1 id="notice-title">{title}</h1>
      <p class="answer">{text}</p>
      <p class="answer">
        <a href="/">To the overview</a>
      </p>
    </section>
  </Page>
);
