import { Worker } from "node:worker_threads";
import { Failure } from "../../core/failures.ts";
import type { PageJob, PageReply, PageText, ThreadReady } from "./page-jobs.ts";

/** Reads pages beside the event loop, one after another. */
export interface Parsing {
  /** Lets go of the signal when it is over: a turn's outlives many pages. */
  read(job: Job, signal: AbortSignal): Promise<PageText>;
  close(): Promise<void>;
}

type Unnumbered<J> = J extends PageJob ? Omit<J, "id"> : never;
type Job = Unnumbered<PageJob>;

interface Waiting {
  readonly job: PageJob;
  resolve(page: PageText): void;
  reject(error: Error): void;
}

/** The heaviest that is let in, 5 MB of HTML, takes some seconds; what takes longer is made to. */
const readMs = 15_000;
/** A thread starts within half a second; on a machine that has much else to do that is no fault of the page's. */
const startMs = 30_000;
/** An idle thread holds some 40 MB. */
const idleMs = 60_000;
const heapMb = 512;
/** What it may hold besides, in bytes: data that unpacks to more than that was made to. Looked at so often. */
const mostUnpacked = 384 * 1024 * 1024;
const lookMs = 50;

/** A thread that starts with the first page and goes when there is nothing to read; a page that is too much for it ends it alone. */
export function openParsing(limitMs = readMs): Parsing {
  const queue: Waiting[] = [];
  let worker: Worker | null = null;
  let current: Waiting | null = null;
  let timer: NodeJS.Timeout | null = null;
  let lastId = 0;

  const drop = async (error: Failure): Promise<void> => {
    const ending = worker;
    worker = null;
    current?.reject(error);
    current = null;
    await ending?.terminate();
    next();
  };
  const limit = (ms: number): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void drop(tooMuch()), ms);
  };
  const start = (): Worker => {
    const opened = new Worker(new URL("./page-thread.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    opened.on("message", (told: PageReply | ThreadReady) => {
      if (told !== "ready") settle(told);
      else if (worker === opened && current !== null) limit(limitMs);
    });
    watch(opened, () => {
      if (worker === opened && current !== null) void drop(tooMuch());
    });
    opened.on("error", () => {
      if (worker === opened) void drop(tooMuch());
    });
    return opened;
  };
  const settle = (reply: PageReply): void => {
    if (current?.job.id !== reply.id) return;
    if (reply.ok) current.resolve(reply.page);
    else current.reject(new Failure("web.failed", reply.message));
    current = null;
    next();
  };
  const next = (): void => {
    if (current !== null) return;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    current = queue.shift() ?? null;
    if (current === null) {
      // An idle thread must not keep the process alive.
      worker?.unref();
      if (worker !== null) timer = setTimeout(() => void drop(tooMuch()), idleMs).unref();
      return;
    }
    limit(worker === null ? startMs : limitMs);
    worker ??= start();
    worker.ref();
    worker.postMessage(current.job);
  };
  return {
    async read(job, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<PageText>();
      const waiting = { job: { ...job, id: ++lastId }, resolve, reject };
      queue.push(waiting);
      const leave = () => {
        if (queue.includes(waiting)) queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      next();
      return await promise.finally(() => signal.removeEventListener("abort", leave));
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      const stopping = new Failure("turn.draining", "The worker stops.");
      for (const { reject } of queue.splice(0)) reject(stopping);
      await drop(stopping);
    },
  };
}

/** Tells when a page unpacks to more than it may. */
function watch(worker: Worker, onFull: () => void): void {
  const timer = setInterval(() => {
    worker.getHeapStatistics().then(
      ({ external_memory: bytes }) => {
        if (bytes > mostUnpacked) onFull();
      },
      () => undefined,
    );
  }, lookMs).unref();
  worker.once("exit", () => clearInterval(timer));
}

function tooMuch(): Failure {
  return new Failure("web.failed", "It is too large or too tangled to be read.");
}
