import type { ProcessInfo, ProcessOutput } from "../core/sandbox.ts";
import type { FileFault } from "./paths.ts";

/** What the host asks of a virtual sandbox's thread. Plain data. */
export type VirtualRequest =
  | {
      readonly id: number;
      readonly type: "run";
      /** Null: one of our own, which no session sees. */
      readonly session: string | null;
      readonly command: string;
      readonly workdir: string | null;
    }
  | {
      readonly id: number;
      readonly type: "start";
      readonly session: string;
      readonly command: string;
      readonly workdir: string | null;
    }
  | { readonly id: number; readonly type: "processes" }
  | {
      readonly id: number;
      readonly type: "output";
      readonly process: string;
      readonly from: number | "unread";
      readonly limit: number;
    }
  | { readonly id: number; readonly type: "kill"; readonly process: string }
  | { readonly id: number; readonly type: "where"; readonly session: string }
  | { readonly id: number; readonly type: "abort" }
  | { readonly id: number; readonly type: "read"; readonly path: string; readonly limitBytes: number }
  | { readonly id: number; readonly type: "write"; readonly path: string; readonly data: Uint8Array };

/** What it answers, once for each request but `abort`; and, before all answers, that it serves: no request has the id 0. */
export type VirtualReply =
  | { readonly id: 0; readonly type: "up" }
  | { readonly id: number; readonly type: "ran"; readonly output: string; readonly exitCode: number }
  | { readonly id: number; readonly type: "file"; readonly data: Uint8Array }
  | { readonly id: number; readonly type: "written" }
  | { readonly id: number; readonly type: "where"; readonly directory: string }
  | { readonly id: number; readonly type: "begun"; readonly process: ProcessInfo | null }
  | { readonly id: number; readonly type: "processes"; readonly processes: readonly ProcessInfo[] }
  | { readonly id: number; readonly type: "output"; readonly part: ProcessOutput | null }
  | { readonly id: number; readonly type: "fault"; readonly fault: FileFault; readonly detail: string };

/** What a thread is started with. */
export interface VirtualSetup {
  /** The host directory that is the workspace. */
  readonly directory: string;
  readonly diskMb: number;
}

type Omitted<Request> = Request extends VirtualRequest ? Omit<Request, "id"> : never;

/** A thread, as those see it who ask it something. */
export interface Asked {
  request(body: Omitted<VirtualRequest>): { readonly id: number; readonly reply: Promise<VirtualReply> };
}
