import type { Processor, Queue, Worker, WorkerOptions } from "bullmq";
import type { Outage } from "../core/outage.ts";

/** What a job carries: whose turn it is, nothing else. */
export interface WakeData {
  readonly subject: string;
}

/** `wake`: run the handler now. `timer`: when due, wake its subject. */
export type WakeName = "wake" | "timer";

/** The parts of BullMQ's queue that are used here, the same over both backends. */
export type WakeJobs = Pick<Queue<WakeData, void, WakeName>, "add" | "close" | "obliterate" | "waitUntilReady"> &
  NodeJS.EventEmitter;
/** The parts of its worker. */
export type WakeWorker = Pick<Worker<WakeData, void, WakeName>, "pause" | "resume" | "close" | "waitUntilReady"> &
  NodeJS.EventEmitter;
/** Runs one job. */
export type WakeProcessor = Processor<WakeData, void, WakeName>;

/** Makes BullMQ's objects over one server. */
export interface QueueBackend {
  readonly kind: "redis" | "postgres";
  readonly outage: Outage;
  /** Rejects when the server can't be reached. */
  ping(): Promise<unknown>;
  queue(name: string): WakeJobs;
  worker(name: string, processor: WakeProcessor, options: Omit<WorkerOptions, "connection">): WakeWorker;
  /** Ends what is still connected; whatever waits for an answer gets none. */
  close(): Promise<void>;
}

/** What the log says about a queue's server that is gone. */
export const withoutQueue = "what it would be told is in the record, and it is tried again and again";
