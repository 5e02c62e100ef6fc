/** A photo made small in the browser: its middle, upright, without what a phone writes beside it. */

const SIDE = 256; // px
const LARGEST = 64 * 1024; // bytes, of what the server takes
const QUALITIES = [0.88, 0.75, 0.6];

/** Null where the browser cannot read it as a picture. */
export async function shrinkPhoto(file: Blob): Promise<Blob | null> {
  const image = await createImageBitmap(file).catch(() => null);
  if (image === null) return null;
  const canvas = document.createElement('canvas'); // an OffscreenCanvas draws only since Safari 16.4
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d');
  if (context === null) return null;
  const side = Math.min(image.width, image.height);
  context.fillStyle = '#fff'; // a JPEG has nothing that shines through
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  image.close();
  for (const quality of QUALITIES) {
    const made = await new Promise<Blob | null>((take) => canvas.toBlob(take, 'image/jpeg', quality));
    if (made !== null && made.size <= LARGEST) return made;
  }
  return null;
}
