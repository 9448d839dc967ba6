import { deflateSync } from "node:zlib";

/** A small PDF whose one page unpacks to so many megabytes, twice packed. */
export function bombPdf(megabytes: number): Buffer {
  const inner = deflateSync(Buffer.alloc(megabytes * 1024 * 1024, " "), { level: 1 });
  const packed = deflateSync(inner, { level: 9 }).toString("latin1");
  const page = pdf(["page"]).toString("latin1");
  const filled = page.replace(/<< \/Length \d+ >>\nstream\n[^]*?\nendstream/, () => {
    const about = `<< /Length ${packed.length} /Filter [/FlateDecode /FlateDecode] >>`;
    return `${about}\nstream\n${packed}\nendstream`;
  });
  // Where objects begin has moved: readers look for them then.
  return Buffer.from(filled.replace(/startxref\n\d+/, "startxref\n0"), "latin1");
}

/** A PDF with a line of text on each page. */
export function pdf(lines: readonly string[]): Buffer {
  const kids = lines.map((_line, index) => `${3 + index * 2} 0 R`).join(" ");
  const font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${lines.length} >>`,
    ...lines.flatMap((line, index) => {
      const stream = line === "" ? "" : `BT /F1 12 Tf 72 720 Td (${line}) Tj ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${4 + index * 2} 0 R /Resources << /Font << /F1 ${font} >> >> >>`,
        `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
      ];
    }),
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}`;
  return Buffer.from(`${text}${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF`);
}
