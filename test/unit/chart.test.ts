import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { drawChart } from "../../src/insights/chart/draw.ts";
import { quantitiesOf } from "../../src/insights/chart/quantity.ts";
import { chartOf, type ChartSpec } from "../../src/insights/chart/spec.ts";
import { palette } from "../../src/insights/chart/style.ts";
import { tablesIn } from "../../src/insights/chart/table.ts";
import { drawable } from "../../src/insights/chart/text.ts";
import { chartOfReport, explained } from "../../src/schedules/report-chart.ts";

interface Picture {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): readonly number[];
}

/** Reads a PNG as any viewer would, and fails where it is not one. */
function decoded(bytes: Uint8Array): Picture {
  const file = Buffer.from(bytes);
  assert.equal(file.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const chunks: { readonly type: string; readonly data: Buffer }[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const named = file.subarray(at + 4, at + 8 + length);
    assert.equal(file.readUInt32BE(at + 8 + length), crc32(named));
    chunks.push({ type: named.toString("latin1", 0, 4), data: named.subarray(4) });
    at += 12 + length;
  }
  assert.deepEqual(
    chunks.map(({ type }) => type),
    ["IHDR", "IDAT", "IEND"],
  );
  const [head, body] = chunks.map(({ data }) => data);
  assert.ok(head && body);
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  assert.deepEqual([...head.subarray(8)], [8, 2, 0, 0, 0], "eight bits each of red, green and blue");
  const rows = inflateSync(body);
  const stride = width * 3 + 1;
  assert.equal(rows.length, stride * height);
  for (let row = 0; row < height; row += 1) assert.equal(rows[row * stride], 0, "no row is filtered");
  return { width, height, at: (x, y) => [...rows.subarray(y * stride + 1 + x * 3, y * stride + 4 + x * 3)] };
}

const table = (head: string, ...rows: readonly string[]) =>
  [`| ${head} |`, `|${head.replaceAll(/[^|]+/g, "---")}|`, ...rows.map((row) => `| ${row} |`)].join("\n");

function chart(markdown: string): ChartSpec {
  return chartOf(markdown) ?? assert.fail("no chart");
}

const valuesOf = (spec: ChartSpec) => spec.panels.flatMap(({ series }) => series.map(({ values }) => values));

test("numbers are read as people write them", () => {
  for (const [cells, values, before, after] of [
    [["12.5 %", "-3%", "0"], [12.5, -3, 0], "", "%"],
    [["€3", "€1,234.50", "-€2", "€-4"], [3, 1_234.5, -2, -4], "€", ""],
    [["3,14 €", "1.234,50 €", "−2 €"], [3.14, 1_234.5, -2], "", " €"],
    [["1,234", "12,345,678", "7"], [1_234, 12_345_678, 7], "", ""],
    [["3.4k", "2M", "1.5bn", "950"], [3_400, 2e6, 1.5e9, 950], "", ""],
    [["3.4万", "2亿", "5千"], [34_000, 2e8, 5_000], "", ""],
    [["512 MB", "1.5 GB", "100 B"], [0.512, 1.5, 1e-7], "", " GB"],
    [["900 ms", "2 s", "1 min"], [0.015, 1 / 30, 1], "", " min"],
    [["(1,200)", "+5", "1e3"], [-1_200, 5, 1_000], "", ""],
    [["▼ 2", "▲ 3", "5 (+2%)"], [-2, 3, 5], "", ""],
    [["1 234", "1'234'567", "8"], [1_234, 1_234_567, 8], "", ""],
    [["4", "n/a", "–", "6", "8"], [4, null, null, 6, 8], "", ""],
    [["120 req/s", "98 req/s", "7 req/s"], [120, 98, 7], "", " req/s"],
  ] as const) {
    const found = quantitiesOf(cells) ?? assert.fail(cells.join(" "));
    assert.deepEqual(found.unit, { before, after }, cells.join(" "));
    for (const [at, value] of values.entries()) {
      const read = found.values[at] ?? null;
      if (value === null || read === null) assert.equal(read, value, cells[at]);
      else assert.ok(Math.abs(read - value) < 1e-9, `${cells[at]} is ${read}`);
    }
  }
  for (const words of ["1.2.3", "2026-11-21", "9:30", "#12", "10.0.0.1", "12 Angry Men", "v2", "1e400", "(5", "9".repeat(60)])
    assert.equal(quantitiesOf([words, words, words]), null, words);
  assert.equal(quantitiesOf(["5 kg", "3 km", "1 l"]), null, "units that don't go together");
});

test("a table of numbers becomes bars, one of days lines, other tables and texts nothing", () => {
  const bars = chart(
    `Hello\n\n${table("City | Sales", "**Berlin** | €3", "Ulm | €5", "Total | €8", "[Bonn](http://x) | €4")}\n\nBye`,
  );
  assert.deepEqual(bars.labels, ["Berlin", "Ulm", "Bonn"]);
  assert.deepEqual([bars.panels[0]?.kind, bars.panels[0]?.series[0]?.name, valuesOf(bars)], ["bars", "Sales", [[3, 5, 4]]]);

  const days = chart(
    table("Date | A | B", "2026-11-03 | 1 | 3%", "2026-11-02 | 2 | 4%", "2026-11-01 | – | 5%", "2026-10-31 | 4 | 5%"),
  );
  assert.deepEqual(days.labels, ["10-31", "11-01", "11-02", "11-03"], "the oldest first");
  assert.deepEqual(valuesOf(days), [
    [4, null, 2, 1],
    [5, 5, 4, 3],
  ]);
  assert.deepEqual(
    days.panels.map(({ kind, unit }) => [kind, unit.after]),
    [
      ["lines", ""],
      ["lines", "%"],
    ],
  );
  for (const labels of [
    "Mon Tue Wed",
    "9:00 10:00 11:00",
    "周一 周二 周三",
    "Jan Feb Mar",
    "2024 2025 2026",
    "11月1日 11月2日 11月3日",
    "Q1 Q2 Q3",
  ])
    assert.equal(chart(table("x | n", ...labels.split(" ").map((label) => `${label} | 5`))).panels[0]?.kind, "lines", labels);
  assert.deepEqual(chart(table("# | Who | n", "1 | Ann | 5", "2 | Bob | 6", "3 | Cy | 7")).labels, ["Ann", "Bob", "Cy"]);
  const items = Array.from({ length: 30 }, (_, at) => `item ${at} | ${at} | ${at * 2}`);
  assert.equal(chart(table("a | n | m", ...items)).panels[0]?.kind, "lines", "sixty bars are a fence");
  assert.equal(chart(table("a | n", ...items)).panels[0]?.kind, "bars");

  for (const none of [
    "",
    "No table. 1 | 2",
    table("a | n", "x | 1", "y | 2"),
    table("a | n", "x | 0", "y | 0", "z | 0"),
    table("a | who | where", "x | Ann | Ulm", "y | Bob | Bonn", "z | Cy | 7"),
    table("a | id", "x | 17", "y | 18", "z | 19"),
    `\`\`\`\n${table("a | n", "x | 1", "y | 2", "z | 3")}\n\`\`\``,
  ])
    assert.equal(chartOf(none), null, none);
});

test("at most four series and forty points, and what is left out is said", () => {
  const rows = Array.from({ length: 100 }, (_, at) => `day ${at} | 1 | 2 | 3 | 4 | 5`);
  const first = chart(table("x | a | b | c | d | e", ...rows));
  assert.equal(valuesOf(first).length, 4);
  assert.equal(first.note, "first 40 of 100 rows, 4 of 5 columns");
  const hours = Array.from(
    { length: 60 },
    (_, at) => `2026-11-01 ${String(Math.floor(at / 3)).padStart(2, "0")}:${(at % 3) * 2}0 | ${at}`,
  );
  const last = chart(table("x | a", ...hours));
  assert.equal(last.note, "last 40 of 60 rows");
  assert.equal(valuesOf(last)[0]?.at(-1), 59);
});

test("what can't be drawn is a number in the chart and a line in the text", async () => {
  const text = table("城市 | 销量", "北京 | 3", "Zürich | 5", "上海 | 4");
  const spec = chart(text);
  assert.deepEqual(spec.labels, ["1", "Zürich", "3"]);
  assert.deepEqual(spec.legend, ["A = 销量", "1 = 北京", "3 = 上海"]);
  const drawn = (await chartOfReport("每日报告", text)) ?? assert.fail("no chart");
  assert.equal(explained(text, drawn), `${text}\n\n*A = 销量 · 1 = 北京 · 3 = 上海*`);
  assert.equal(explained("as it was ", { legend: [] }), "as it was ");
  for (let code = 0x20; code < 0x7f; code += 1) assert.ok(drawable(String.fromCodePoint(code)), String.fromCodePoint(code));
});

test("bars are as high as their numbers, above zero and below", () => {
  const values = [120, 60, -30, 90];
  const spec = chart(table("x | n", ...values.map((value, at) => `b${at} | ${value}`)));
  const picture = decoded(drawChart(spec));
  const colour = palette.series(0).join();
  // The longest run of the bar's colour in a column: the swatch of the legend stands elsewhere.
  const runs = new Map<number, number>();
  for (let x = 200; x < picture.width - 60; x += 5) {
    let [run, longest] = [0, 0];
    for (let y = 0; y < picture.height; y += 1) {
      run = picture.at(x, y).join() === colour ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    if (longest > 0) runs.set(x, longest);
  }
  const xs = [...runs.keys()];
  const groups = xs.reduce<number[][]>(
    (all, x) => (x - (all.at(-1)?.at(-1) ?? -99) > 5 ? [...all, [x]] : (all.at(-1)?.push(x), all)),
    [],
  );
  assert.equal(groups.length, values.length);
  const heights = groups.map((group) => runs.get(group[Math.floor(group.length / 2)] ?? 0) ?? 0);
  const unit = (heights[0] ?? 0) / 120;
  for (const [at, value] of values.entries())
    assert.ok(Math.abs((heights[at] ?? 0) - Math.abs(value) * unit) <= 3, `${value}: ${heights[at]} pixels, ${unit} each`);
});

const cell = fc.oneof(
  fc.double({ noDefaultInfinity: false }).map(String),
  fc.integer().map(String),
  fc.constantFrom("", "€3", "12.5 %", "1,234", "-1e29", "1e-300", "**7**", "n/a", "2026-11-21", "9:00", "北京", "5 MB", "3 GB"),
  fc.string({ unit: "binary", maxLength: 12 }),
);

test("any table at all: no fault, a valid picture of bounded size, the same bytes each time", () => {
  const tables = fc.record({
    head: fc.array(fc.string({ maxLength: 9 }), { minLength: 1, maxLength: 6 }),
    rows: fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 60 }),
    title: fc.string({ unit: "grapheme", maxLength: 200 }),
  });
  const line = (cells: readonly string[]) => `| ${cells.map((each) => each.replaceAll(/[|\n\r\\]/g, " ")).join(" | ")} |`;
  fc.assert(
    fc.property(tables, ({ head, rows, title }) => {
      const spec = chartOf([line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n"), title);
      if (spec === null) return;
      assert.ok(spec.labels.length <= 40 && valuesOf(spec).length <= 4);
      for (const values of valuesOf(spec)) assert.equal(values.length, spec.labels.length);
    }),
    { numRuns: 300 },
  );
  const numbers = fc.array(
    fc.array(fc.oneof(fc.double({ min: -1e29, max: 1e29, noNaN: true }), fc.integer()), { minLength: 4, maxLength: 4 }),
    {
      minLength: 3,
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(numbers, fc.string({ unit: "grapheme", maxLength: 60 }), (rows, label) => {
      const spec = chartOf(
        [line(["", "a", "b", "c", "d"]), "|---|---|---|---|---|", ...rows.map((row) => line([label, ...row.map(String)]))].join(
          "\n",
        ),
      );
      if (spec === null) return;
      const bytes = drawChart(spec);
      assert.ok(bytes.length < 500_000, `${bytes.length} bytes`);
      assert.deepEqual(drawChart(spec), bytes);
      const { width, height } = decoded(bytes);
      assert.ok(width === 1_600 && height <= 2_600, `${width} x ${height}`);
    }),
    { numRuns: 6 },
  );
  assert.equal(chartOf("|".repeat(300_000)), null);
  assert.equal(
    chartOf(`${"|a".repeat(2_000)}\n${"|-".repeat(2_000)}\n${`${"|123 456 789".repeat(300)}\n`.repeat(100)}`)?.labels.length,
    40,
  );
});

test("tables are read as Markdown's own reader reads them", () => {
  const word = fc.constantFrom("a", "1", "2,5", "x y", "a\\|b", "", "-", ":", "é", "3 %");
  const row = (least: number) => fc.array(word, { minLength: least, maxLength: 5 });
  const text = fc.tuple(row(2), fc.array(row(2), { maxLength: 5 }), fc.constantFrom("", "intro\n\n"), fc.boolean());
  fc.assert(
    fc.property(text, ([head, rows, before, bars]) => {
      const line = (cells: readonly string[]) => (bars ? `| ${cells.join(" | ")} |` : `x | ${cells.join(" | ")} | z`);
      const markdown = `${before}${line(head)}\n${line(head).replaceAll(/\\\|/g, "").replaceAll(/[^|]+/g, "-")}\n${rows.map(line).join("\n")}\n\nend`;
      const [ours] = tablesIn(markdown);
      const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
      const theirs = tree.children.find(({ type }) => type === "table");
      const source = theirs?.type === "table" ? theirs.children : [];
      const wide = source[0]?.children.length ?? 0;
      const cells = source.map(({ children }) =>
        Array.from({ length: wide }, (_, at) => {
          const [inner] = children[at]?.children ?? [];
          return inner?.type === "text" ? inner.value : "";
        }),
      );
      assert.deepEqual(ours === undefined ? [] : [ours.head, ...ours.rows], cells, markdown);
    }),
    { numRuns: 200 },
  );
});
