import type { Comment } from "./marked-file.ts";
import type { ServicePlan } from "./plan.ts";

/** What looks after the service: systemd or launchd, one's own or the system's. */
export interface Supervisor {
  readonly kind: "systemd" | "launchd";
  readonly scope: "user" | "system";
  /** As its own commands call the service: `hermes-team.service`. */
  readonly unit: string;
  readonly file: string;
  readonly comment: Comment;
  /** The unit's text; the mark comes on top. */
  text(plan: ServicePlan): string;
  /** How own changes are made so that an update keeps them. */
  readonly editing: string;
  /** The command that shows what the supervisor itself says of the service. */
  readonly journal: string;
  /** Why it can't be used here, in words with the way out; null when it can. */
  obstacle(): Promise<Obstacle | null>;
  /** Takes the written file in, and starts the service with the machine (or the login) from now on. */
  enable(): Promise<void>;
  /** Stops the service and starts it no more. */
  disable(withinMs: number): Promise<void>;
  /** Looks at the files again. */
  reload(): Promise<void>;
  start(): Promise<void>;
  stop(withinMs: number): Promise<void>;
  state(): Promise<UnitState>;
  /** What else is good to know once it is installed. */
  remarks(): Promise<readonly string[]>;
}

export interface Obstacle {
  readonly message: string;
  readonly advice: string;
}

/** How the service stands, as its supervisor sees it. */
export interface UnitState {
  /** `waiting`: it failed, and is started again in a while. */
  readonly active: "running" | "starting" | "stopping" | "stopped" | "failed" | "waiting";
  readonly pid: number | null;
  /** Null where that can't be told. */
  readonly enabled: boolean | null;
  readonly restarts: number;
  /** How it ended, where it failed. */
  readonly why: string | null;
}

/** A service that is not there, or of which nothing is known. */
export const nothing: UnitState = { active: "stopped", pid: null, enabled: null, restarts: 0, why: null };
