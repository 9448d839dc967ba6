/** From where figures raise an alarm; 0 turns one off. */
export interface AlarmLimits {
  /** Of the latest tool calls, the share that was valid as it came, 0 to 1. */
  readonly toolAccuracy: number;
  readonly tokensPerSecond: number;
  /** Model calls a task, on average. */
  readonly iterations: number;
}

/** The guides' targets for a local model. */
export const usualLimits: AlarmLimits = { toolAccuracy: 0.95, tokensPerSecond: 20, iterations: 10 };

/** From fewer than these nothing follows. */
export const enough = { toolCalls: 50, writes: 20, tasks: 10 } as const;

/** How many of the newest are looked at: trouble shows soon, and one bad answer is none. */
export const latest = { toolCalls: 200, writes: 50, tasks: 20 } as const;

/** The newest figures of the record. */
export interface AlarmFigures {
  readonly toolCalls: number;
  readonly validCalls: number;
  /** Model calls whose speed is known, and the middle of their speeds. */
  readonly writes: number;
  readonly writeMedian: number | null;
  readonly tasks: number;
  readonly stepsMean: number | null;
}

export const alarmNames = ["toolAccuracy", "tokensPerSecond", "iterations"] as const satisfies readonly (keyof AlarmLimits)[];
export type AlarmName = (typeof alarmNames)[number];

/** When each alarm that lasts was raised, epoch milliseconds. */
export type Raised = Readonly<Partial<Record<AlarmName, number>>>;

/** What has changed. `off`: over because nobody wants to be told any more. */
export interface AlarmChanges {
  readonly begun: readonly AlarmName[];
  readonly over: readonly AlarmName[];
  readonly off: readonly AlarmName[];
}

/** What begins and what is over. An alarm is over a little beyond its limit, so that a figure that wavers there is told of once. */
export function changesOf(figures: AlarmFigures, limits: AlarmLimits, raised: Raised): AlarmChanges {
  const judged = alarmNames.map((name) => ({ name, lasts: raised[name] !== undefined, state: stateOf(name, figures, limits) }));
  const named = (wanted: (each: (typeof judged)[number]) => boolean) => judged.filter(wanted).map(({ name }) => name);
  return {
    begun: named(({ lasts, state }) => !lasts && state === "bad"),
    over: named(({ lasts, state }) => lasts && state === "good"),
    off: named(({ lasts, state }) => lasts && state === "off"),
  };
}

/** The alarms that last after these changes. */
export function raisedAfter(raised: Raised, { begun, over, off }: AlarmChanges, now: number): Raised {
  const ended = new Set([...over, ...off]);
  const lasting = alarmNames.flatMap((name) => {
    const since = begun.includes(name) ? now : raised[name];
    return since === undefined || ended.has(name) ? [] : [[name, since] as const];
  });
  return Object.fromEntries(lasting);
}

/** `unsure`: too little is known, or it is between the two limits. */
type State = "bad" | "good" | "unsure" | "off";

function stateOf(name: AlarmName, figures: AlarmFigures, limits: AlarmLimits): State {
  const limit = limits[name];
  if (limit === 0) return "off";
  switch (name) {
    case "toolAccuracy": {
      if (figures.toolCalls < enough.toolCalls) return "unsure";
      const share = figures.validCalls / figures.toolCalls;
      if (share < limit) return "bad";
      return share >= limit + (1 - limit) * fewerFaults ? "good" : "unsure";
    }
    case "tokensPerSecond": {
      if (figures.writes < enough.writes || figures.writeMedian === null) return "unsure";
      if (figures.writeMedian < limit) return "bad";
      return figures.writeMedian >= limit * (1 + margin) ? "good" : "unsure";
    }
    case "iterations": {
      if (figures.tasks < enough.tasks || figures.stepsMean === null) return "unsure";
      if (figures.stepsMean > limit) return "bad";
      return figures.stepsMean <= limit * (1 - margin) ? "good" : "unsure";
    }
  }
}

const margin = 0.1;
/** Of 200 calls a tenth of the faults is one: too little to tell. */
const fewerFaults = 0.3;
