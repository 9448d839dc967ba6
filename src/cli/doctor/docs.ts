import { findingIds } from "./ids.ts";

/** docs/doctor.md, made from the table of findings. */
export function renderDoctor(): string {
  const rows = Object.entries(findingIds).map(([id, [means, mend]]) => `| \`${id}\` | ${means} | ${mend} |`);
  return `${[...head, ...rows, ...foot].join("\n")}\n`;
}

const head = [
  "# `hermes doctor`",
  "",
  "<!-- Made from src/cli/doctor/ids.ts by `hermes config docs --write`; change it there. -->",
  "",
  "Looks at every part side by side, each within a limit of time, and prints a line for each finding in this order:",
  "its state (`ok`, `warn`, `fail`), its id, what was found, and `→` what mends it.",
  "",
  "| option | |",
  "|---|---|",
  "| `--quick` | leaves out the probe of the model's tool calls, which takes a minute |",
  "| `--full` | asks the model a hundred tool calls rather than twenty |",
  "| `--fix` | mends what can be mended, says what it did (`done`, `left`), and looks at those parts again |",
  "| `--fix --yes` | does not ask before what can't be taken back or what others see; without a terminal that is left alone |",
  "| `--json` | `{ok, faults, warnings, results: [{id, state, text, mend, fixable}], mended: [{id, done, text}]}`, without secrets |",
  "",
  "The exit status is 0 when nothing is at fault, warnings or not; 1 when something is (after `--fix`: still is).",
  "",
  "It works beside a running service, which then looks at its own record, and without one; then it opens the record itself, changes",
  "nothing in it without `--fix`, and makes none where there is none yet.",
  "",
  "## Findings",
  "",
  "An id names what was looked at and keeps its meaning over versions; several lines may have the same one.",
  "",
  "| id | what was looked at | what mends it |",
  "|---|---|---|",
];

const foot = [
  "",
  "Whether Redis saves its data is not looked at: what it forgets is brought back from the record.",
  "",
  "What `--fix` does: makes the home, closes it and `.env` to others, removes what killed processes left, writes older keys as this",
  "version does (a copy of the files stays beside them), brings the record's tables up to date, lets go of stale leases, puts requests on",
  "the queue again, tries undelivered answers at once, and fetches the image of containers. After asking: sends answers that a platform",
  "had refused again, and removes a Telegram webhook that is in the way.",
];
