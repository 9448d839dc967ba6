import { parentPort, workerData } from "node:worker_threads";
import type { Form } from "./aside.ts";
import { renderDiscord } from "./discord.ts";
import { renderSlack } from "./slack.ts";
import { renderTelegram } from "./telegram.ts";
import type { Done, Job } from "./thread.ts";

const renderers: Readonly<Record<Form, (markdown: string) => readonly unknown[]>> = {
  telegram: renderTelegram,
  discord: renderDiscord,
  slack: renderSlack,
};

// The adapter that opens the thread says whose messages it wants.
const render = renderers[workerData as Form];

parentPort?.on("message", ({ id, question }: Job<string>) => {
  parentPort?.postMessage({ id, answer: rendered(question) } satisfies Done<readonly unknown[]>);
});

function rendered(markdown: string): readonly unknown[] | null {
  try {
    return render(markdown);
  } catch {
    return null;
  }
}
