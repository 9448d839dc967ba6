/** What says the same in signs that can be drawn: Chinese dates in figures, above all. */
const translated: readonly (readonly [RegExp, string])[] = [
  [/^(\d{4})年(\d{1,2})月(\d{1,2})[日号]$/, "$1-$2-$3"],
  [/^(\d{4})年(\d{1,2})月$/, "$1-$2"],
  [/^(\d{4})年$/, "$1"],
  [/^(\d{1,2})月(\d{1,2})[日号]$/, "$1-$2"],
  [/^(\d{1,2})月$/, "M$1"],
  [/^(\d{1,2})[点时]$/, "$1:00"],
  [/^(?:周|星期|礼拜)一$/, "Mon"],
  [/^(?:周|星期|礼拜)二$/, "Tue"],
  [/^(?:周|星期|礼拜)三$/, "Wed"],
  [/^(?:周|星期|礼拜)四$/, "Thu"],
  [/^(?:周|星期|礼拜)五$/, "Fri"],
  [/^(?:周|星期|礼拜)六$/, "Sat"],
  [/^(?:周|星期|礼拜)[日天]$/, "Sun"],
  // Signs that have a plain form.
  [/[‘’]/g, "'"],
  [/[“”„«»]/g, '"'],
  [/[—‐‑]/g, "–"],
  [/→/g, "->"],
];

/** A label with what may be said in figures said in figures. */
export function labelText(cell: string): string {
  return translated.reduce((text, [pattern, words]) => text.replace(pattern, words), cell.normalize("NFKC").trim());
}

const month =
  /^(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)$/i;
const weekday = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?$/i;
const time = /^\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?(?:[ap]m|z)?$|^\d{1,2}[ap]m$/i;
const period = /^(?:q[1-4]|[hw]\d{1,2}|kw\d{1,2}|m\d{1,2}|fy\d{2,4}|(?:19|20)\d{2})$/i;
const filler = /^(?:\d{1,4}(?:st|nd|rd|th)?|am|pm|week|utc|z|day|to)$/i;
const date = /^(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})?|\d{1,2}[-/]\d{1,2})(?=$|[T ,])/;

/** Whether labels are days or times: what stands beside them then goes on from one to the next. */
export function areTimes(labels: readonly string[]): boolean {
  return labels.length > 0 && labels.every(isTime);
}

function isTime(label: string): boolean {
  if (label.length > 40) return false;
  if (date.test(label)) return true;
  const words = label.split(/[\s,./–-]+/).filter((word) => word !== "");
  const telling = (word: string) => month.test(word) || weekday.test(word) || time.test(word) || period.test(word);
  return words.some(telling) && words.every((word) => telling(word) || filler.test(word));
}

/** Whether they go back in time, as logs do. */
export function areBackwards(labels: readonly string[]): boolean {
  const order = labels.map((label) => (/^\d{4}(?:-\d{2}|$)/.test(label) ? label : ""));
  return order.length > 1 && order.every((label, at) => label !== "" && (at === 0 || label < (order[at - 1] ?? "")));
}

/** Days of one year without the year, hours of one day without the day. */
export function shortened(labels: readonly string[]): readonly string[] {
  const [first = ""] = labels;
  const day = /^\d{4}-\d{2}-\d{2}[T ](?=\d{1,2}:\d{2})/.exec(first)?.[0];
  const year = /^\d{4}-(?=\d{1,2}-\d{1,2})/.exec(first)?.[0];
  const shared = [day, year].find((start) => start !== undefined && labels.every((label) => label.startsWith(start)));
  return shared === undefined ? labels : labels.map((label) => label.slice(shared.length).replace(/(:\d{2}):00Z?$/, "$1"));
}
