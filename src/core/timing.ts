/** When a schedule runs, as it is stored. Plain JSON. */
export type Timing =
  /** By a wall clock: five fields. */
  | { readonly type: "cron"; readonly expression: string; readonly zone: string }
  /** Every so many days at a wall time, counted from the day `from` (`2026-11-23`). */
  | {
      readonly type: "days";
      readonly every: number;
      readonly from: string;
      readonly hour: number;
      readonly minute: number;
      readonly zone: string;
    }
  /** By elapsed time, counted from an instant. */
  | { readonly type: "every"; readonly everyMs: number; readonly from: number; readonly zone: string }
  | { readonly type: "once"; readonly at: number; readonly zone: string };
