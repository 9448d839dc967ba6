/** `npm run bench`: measures what DESIGN section 8 asks for, over real sockets, and prints a table. `npm run bench -- NAME…` measures some rows. */
import type { Figure, Row } from "./figures.ts";
import { chat, cli } from "./command-line.ts";
import { manyChats } from "./crowd.ts";
import { hello } from "./hello.ts";
import { idleCpu } from "./idle-cpu.ts";
import { install } from "./install.ts";
import { lastToken } from "./last-token.ts";
import { memory } from "./memory.ts";
import { messageIn } from "./message-in.ts";
import { schedules } from "./schedules.ts";
import { search } from "./search.ts";
import { prefix } from "./prefix.ts";
import { flood, idle, sandboxes, shell } from "./shell.ts";
import { start } from "./start.ts";
import { streaming } from "./streaming.ts";
import { streams } from "./streams.ts";
import { token } from "./token.ts";

/** ONE LINE A ROW. */
const rows: readonly Row[] = [
  messageIn,
  lastToken,
  start,
  memory,
  install,
  hello,
  prefix,
  shell,
  sandboxes,
  idle,
  flood,
  streaming,
  manyChats,
  idleCpu,
  token,
  streams,
  search,
  schedules,
  cli,
  chat,
];

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`No row is called ${unknown.join(", ")}. There are: ${rows.map((row) => row.name).join(", ")}.\n`);
    return 2;
  }
  let missed = 0;
  for (const row of rows.filter((each) => names.length === 0 || names.includes(each.name))) {
    process.stdout.write(`\n${row.title}  [${row.name}]\n`);
    const figures = await row.measure();
    for (const figure of figures) process.stdout.write(`${line(figure)}\n`);
    missed += figures.filter((figure) => figure.met === false).length;
  }
  process.stdout.write(
    missed === 0 ? "\nAll targets are met.\n" : `\n${missed} ${missed === 1 ? "target is" : "targets are"} missed.\n`,
  );
  return missed === 0 ? 0 : 1;
}

function line({ label, value, target, met, note }: Figure): string {
  const mark = met === null ? " " : met ? "✓" : "✗";
  return `  ${mark} ${label.padEnd(42)} ${value.padStart(18)}  ${(target ?? "").padEnd(16)} ${note}`.trimEnd();
}
