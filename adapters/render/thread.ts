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
  /** An answer that takes longer is given up. */
  readonly threadMs: number;
  readonly log: Log;
}

/** An idle thread holds some 20 MB. */
const idleMs = 30_000;

/** Formats what would hold up the event loop; it goes away when idle. */
export function createThread<Question, Answer>(options: ThreadOptions<Question, Answer>): Thread<Question, Answer> {
  const { file, data, instead, threadMs, log } = options;
  const waiting = new Map<number, { readonly question: Question; resolve(answer: Answer): void }>();
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | null = null;
  let lastId = 0;

  async function stop(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    const stopping = worker;
    worker = null;
    for (const { question, resolve } of waiting.values()) resolve(instead(question));
    waiting.clear();
    await stopping?.terminate();
  }

  function watch(): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (waiting.size > 0) log.warn({ waiting: waiting.size }, "a text took too long to format; it is shown as it is");
        void stop();
      },
      waiting.size > 0 ? threadMs : idleMs,
    );
    timer.unref();
  }

  function settle({ id, answer }: Done<Answer>): void {
    const asked = waiting.get(id);
    waiting.delete(id);
    asked?.resolve(answer ?? instead(asked.question));
    watch();
  }

  function open(): Worker {
    const opened = new Worker(file, { workerData: data });
    opened.unref();
    opened.on("message", settle);
    opened.on("error", (error) => {
      log.warn({ error: error.message }, "the formatting thread broke; its texts are shown as they are");
      if (worker === opened) void stop();
    });
    return opened;
  }

  return {
    ask: (question) =>
      new Promise((resolve) => {
        const id = ++lastId;
        waiting.set(id, { question, resolve });
        worker ??= open();
        worker.postMessage({ id, question } satisfies Job<Question>);
        watch();
      }),
    stop,
  };
}
