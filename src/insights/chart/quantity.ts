/** What stands before and after each of a column's numbers: `€`, ` %`, ` ms`. */
export interface Unit {
  readonly before: string;
  readonly after: string;
}

/** A column of numbers in one unit; null where a cell says that there is none. */
export interface Quantities {
  readonly unit: Unit;
  readonly values: readonly (number | null)[];
  /** Digits behind the point, as they were written; at most two. */
  readonly decimals: number;
}

/** A number as a cell has it. */
interface Written {
  readonly value: number;
  readonly decimals: number;
  readonly before: string;
  readonly after: string;
}

/** Of so many cells that say something, one may be no number. */
const strayShare = 0.2;
/** Beyond that, sums of a few of them would not be numbers any more. */
const largest = 1e30;

/** What is longer is a sentence. */
const longestNumber = 48;

const nothing = /^(?:|-+|–|—|\?|…|\.{2,3}|n\/?a\.?|null|none|nil|无|暂无)$/i;

/** A column's cells as numbers; null when it is not a column of numbers. */
export function quantitiesOf(cells: readonly string[]): Quantities | null {
  const decimalComma = cells.some((cell) => /\d,(?:\d{1,2}|\d{4,})(?!\d|,\d{3})|\d\.\d{3}(?:,\d|\.\d{3})/.test(cell));
  const said = cells.map((cell) => (nothing.test(cell) ? null : (writtenIn(cell, decimalComma) ?? "stray")));
  const numbers = said.filter((each) => each !== null && each !== "stray");
  const strays = said.filter((each) => each === "stray").length;
  if (numbers.length === 0 || strays > strayShare * (strays + numbers.length)) return null;
  const unit = commonUnit(numbers);
  if (unit === null) return null;
  const values = said.map((each) => (each === null || each === "stray" ? null : inUnit(each, unit)));
  return { unit: spaced(unit), values, decimals: Math.min(2, Math.max(...numbers.map(({ decimals }) => decimals))) };
}

/** Words and signs for thousands and more; `512 B` are bytes, `3.4B` billions. */
const multiples: Readonly<Record<string, number>> = {
  k: 1e3,
  K: 1e3,
  M: 1e6,
  Mio: 1e6,
  mn: 1e6,
  million: 1e6,
  B: 1e9,
  bn: 1e9,
  Mrd: 1e9,
  billion: 1e9,
  T: 1e12,
  千: 1e3,
  万: 1e4,
  亿: 1e8,
};

const currencies = "[€$£¥₹₩₽฿]|US\\$|A\\$|C\\$|HK\\$|R\\$|(?:USD|EUR|GBP|CHF|JPY|CNY|RMB|Rs\\.?) ?";
const shape = new RegExp(
  `^(?<down>[▼↓⬇] ?)?(?:[▲↑⬆~≈<>≤≥] ?)?(?<open>\\()?(?<sign>[-+−±]?) ?(?<before>${currencies})? ?(?<late>[-+−]?)` +
    `(?<digits>\\d[\\d,.'’_\\u00A0\\u2009\\u202F]*(?:(?: \\d{3})+(?:[,.]\\d+)?)?|[.,]\\d+)` +
    `(?:e(?<power>[-+]?\\d{1,3}))? ?(?<multiple>(?:k|K|Mio|Mrd|million|billion|mn|bn|M|(?<! )B|T|千|万|亿)(?![\\p{L}/]))? ?` +
    `(?<after>[%‰°€$£¥µμ\\p{L}][\\p{L}%°/²³µ]{0,11})?(?<close>\\))?(?: ?[▲▼↑↓])?(?: ?\\([^()]{0,40}\\))?$`,
  "u",
);

function writtenIn(cell: string, decimalComma: boolean): Written | null {
  const groups = cell.length > longestNumber ? undefined : shape.exec(cell)?.groups;
  if (groups === undefined) return null;
  const { open, digits = "", power = "0", multiple, before = "", after = "", close } = groups;
  if ((open === undefined) !== (close === undefined)) return null;
  const plain = plainDigits(digits, decimalComma);
  const factor = multiple === undefined ? 1 : (multiples[multiple] ?? 1);
  const size = Number(plain) * 10 ** Number(power) * factor;
  if (!Number.isFinite(size) || size > largest) return null;
  const decimals = factor === 1 ? (plain.split(".")[1]?.length ?? 0) : 0;
  return { value: size !== 0 && isNegative(groups) ? -size : size, decimals, before: before.trim(), after };
}

/** By its sign; without one, by the brackets of accountants or an arrow down. */
function isNegative({ sign = "", late = "", open, down }: Readonly<Record<string, string | undefined>>): boolean {
  return /[-−]/.test(sign + late) || (sign + late === "" && (open !== undefined || down !== undefined));
}

/** As JavaScript reads it; what is not grouped like a number (`1.2.3`) reads as none. */
function plainDigits(digits: string, decimalComma: boolean): string {
  const bare = digits.replaceAll(/[ '’_\u00A0\u2009\u202F]/g, "");
  const [group, point] = decimalComma ? [".", ","] : [",", "."];
  const [whole = "", fraction, ...rest] = bare.split(point);
  const groups = whole.split(group);
  const grouped = groups.length === 1 || groups.slice(1).every((each) => each.length === 3 || each.length === 4);
  if (rest.length > 0 || !grouped || fraction?.includes(group) === true) return "NaN";
  return `${groups.join("") || "0"}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** Units of one kind, so that a column may have several of them. */
const families: readonly Readonly<Record<string, number>>[] = [
  { B: 1, KB: 1e3, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 },
  { KiB: 1, MiB: 2 ** 10, GiB: 2 ** 20, TiB: 2 ** 30 },
  { µs: 1e-6, us: 1e-6, ms: 1e-3, s: 1, sec: 1, min: 60, h: 3_600, d: 86_400 },
];

/** The one unit of these numbers: where they have several of one kind, that of the largest; null when they don't go together. */
function commonUnit(numbers: readonly Written[]): Unit | null {
  const units = numbers.filter(({ before, after }) => before !== "" || after !== "");
  const [first] = units;
  if (first === undefined) return { before: "", after: "" };
  if (units.every(({ before, after }) => before === first.before && after === first.after)) return first;
  const family = families.find((each) => units.every(({ before, after }) => before === "" && each[after] !== undefined));
  if (family === undefined) return null;
  const size = ({ value, after }: Written) => Math.abs(value) * (family[after] ?? 1);
  return units.reduce((most, each) => (size(each) > size(most) ? each : most));
}

function inUnit({ value, after }: Written, unit: Unit): number {
  if (after === "" || after === unit.after) return value;
  const family = families.find((each) => each[after] !== undefined && each[unit.after] !== undefined);
  return (value * (family?.[after] ?? 1)) / (family?.[unit.after] ?? 1);
}

function spaced({ before, after }: Unit): Unit {
  const apart = after !== "" && !/^[%‰°]/.test(after);
  return { before: /[A-Z]{3}/.test(before) ? `${before} ` : before, after: apart ? ` ${after}` : after };
}
