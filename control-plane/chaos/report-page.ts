// The report of an experiment as one HTML file: nothing else is loaded, nothing runs, and it looks as the dashboard does.

import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { STYLE } from "../dashboard/made.ts";
import { asItIs, markup } from "./markup.ts";
import { reportBody, reportTitle } from "./report-body.ts";

export function renderChaosReport(report: ChaosReport): string {
  const page = markup`<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${reportTitle(report)} · Tidegate</title>
<style>${asItIs(STYLE.text)}</style>
</head>
<body>
<main>${reportBody(report)}</main>
<footer class="foot"><p>All times are UTC; those of events are counted from the experiment's start.</p></footer>
</body>
</html>
`;
  return page.toString();
}
