import { Worker } from "node:worker_threads";
import type { Log } from "../../src/core/log.ts";

/** What a thread is asked; it answers in the order it was asked. */
export interface Job<Question> {
  readonly id: number;
  readonly question: Question;
}

/** `answer` is null when there is none, as for a text that is too deeply nested to be read. */
export interface Done<Answer> {
  readonly id: number;
  readonly answer: Answer | null;
}

export interface Thread<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface ThreadOptions<Question, Answer> {
  readonly file: URL;
  /** What the thread's `workerData` is. */
  readonly data?: string;
  /** Stands for what the thread has no answer to, in time or at all. */
  instead(question: Question): Answer;
  /** An answer that takes longer, from the moment it is asked for, is given up. */
  readonly threadMs: number;
  readonly log: Log;
}

/** An idle thread holds some 20 MB. */
const idleMs = 30_000;

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly timer: NodeJS.Timeout;
  resolve(answer: Answer): void;
}

/** Formats what would hold up the event loop; it goes away when idle. */
export function createThread<Question, Answer>(options: ThreadOptions<Question, Answer>): Thread<Question, Answer> {
  const { file, data, instead, threadMs, log } = options;
  /** In the order they were asked. */
  const waiting = new Map<number, Asked<Question, Answer>>();
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | null = null;
  let lastId = 0;

  async function end(): Promise<void> {
    const stopping = worker;
    worker = null;
    await stopping?.terminate();
  }

  function answered(id: number, answer: Answer | null): void {
    const asked = waiting.get(id);
    if (!asked) return;
    waiting.delete(id);
    clearTimeout(asked.timer);
    asked.resolve(answer ?? instead(asked.question));
    if (waiting.size === 0) idle = setTimeout(() => void end(), idleMs).unref();
  }

  /** The one that the thread is at holds up those behind it: they go to a new thread. */
  function late(id: number): void {
    const first = waiting.keys().next().value === id;
    answered(id, null);
    if (!first) return;
    log.warn({ waiting: waiting.size }, "a text took too long to format; it is shown as it is");
    void end();
    for (const [behind, { question }] of waiting) post(behind, question);
  }

  function open(): Worker {
    const opened = new Worker(file, { workerData: data });
    opened.unref();
    opened.on("message", ({ id, answer }: Done<Answer>) => answered(id, answer));
    opened.on("error", (error) => {
      log.warn({ error: error.message }, "the formatting thread broke; its texts are shown as they are");
      if (worker === opened) void stop();
    });
    return opened;
  }

  function post(id: number, question: Question): void {
    worker ??= open();
    worker.postMessage({ id, question } satisfies Job<Question>);
  }

  async function stop(): Promise<void> {
    for (const id of waiting.keys()) answered(id, null);
    if (idle) clearTimeout(idle);
    await end();
  }

  return {
    ask: (question) =>
      new Promise((resolve) => {
        const id = ++lastId;
        if (idle) clearTimeout(idle);
        waiting.set(id, { question, resolve, timer: setTimeout(() => late(id), threadMs).unref() });
        post(id, question);
      }),
    stop,
  };
}
