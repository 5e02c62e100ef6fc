/** The parts of a Shapefile, which is several files, as one: a zip in which nothing is compressed. */

/** Null where they are not of one Shapefile. */
export async function pack(files: readonly File[]): Promise<File | null> {
  const stems = new Set(files.map(({ name }) => name.replace(/\..*$/, '').toLowerCase()));
  const shape = files.find(({ name }) => /\.shp$/i.test(name));
  if (stems.size !== 1 || !shape) return null;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const index: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = new TextEncoder().encode(file.name);
    const about = [
      ...u16(20, 0x0800, 0, 0, 0x21),
      ...u32(crc32(bytes), bytes.length, bytes.length),
      ...u16(name.length, 0),
    ];
    const head = Uint8Array.from([...u32(0x04034b50), ...about, ...name]);
    index.push(Uint8Array.from([...u32(0x02014b50), ...u16(20), ...about, ...u16(0, 0, 0), ...u32(0, at), ...name]));
    parts.push(head, bytes);
    at += head.length + bytes.length;
  }
  const long = index.reduce((sum, each) => sum + each.length, 0);
  const many = files.length;
  const end = Uint8Array.from([...u32(0x06054b50), ...u16(0, 0, many, many), ...u32(long, at), ...u16(0)]);
  return new File([...parts, ...index, end], shape.name);
}

function u16(...values: number[]): number[] {
  return values.flatMap((value) => [value & 255, (value >> 8) & 255]);
}

function u32(...values: number[]): number[] {
  return values.flatMap((value) => u16(value & 0xffff, value >>> 16));
}

function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 255]!;
  return ~sum >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
