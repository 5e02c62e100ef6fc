/** What a device may look like: drawings in the manner of Icons.tsx, in the device's own colour. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { photoAddress } from '../api/devices';
import type { DeviceTable } from '../live/devices';

const DRAWN: Readonly<Record<string, ComponentChildren>> = {
  car: (
    <>
      <path d="M4 16v-3l2-6h12l2 6v3a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1ZM4 13h16" />
      <circle cx="8" cy="17" r="2" />
      <circle cx="16" cy="17" r="2" />
    </>
  ),
  van: (
    <>
      <path d="M2 17V6h12v11M14 9h4l4 5v3h-2M10 17h4M2 17h2" />
      <circle cx="7" cy="17.5" r="2.2" />
      <circle cx="17" cy="17.5" r="2.2" />
    </>
  ),
  truck: (
    <>
      <path d="M1 17V5h13v12H9M14 10h4l4 4v3h-2M1 17h2" />
      <circle cx="6" cy="18" r="2.4" />
      <circle cx="17" cy="18" r="2.4" />
      <path d="M1 11h13" />
    </>
  ),
  bus: (
    <>
      <rect x="4" y="3" width="16" height="15" rx="3" />
      <path d="M4 12h16M12 3v9M7 18v3M17 18v3M8 15h.01M16 15h.01" />
    </>
  ),
  bike: (
    <>
      <circle cx="5.5" cy="16.5" r="3.5" />
      <circle cx="18.5" cy="16.5" r="3.5" />
      <path d="m5.5 16.5 4-8h6l3 8M9.5 8.5l4 8h-8M15 6h2.5" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="7" r="4" />
      <path d="M4 21c.5-5 4-7 8-7s7.5 2 8 7" />
    </>
  ),
  boat: <path d="M12 3v12M12 4l6 9h-6M12 6l-5 7h5M3 16h18l-3 5H6Z" />,
  animal: (
    <>
      <circle cx="6" cy="10" r="2" />
      <circle cx="10" cy="5.5" r="2" />
      <circle cx="14.5" cy="5.5" r="2" />
      <circle cx="18.5" cy="10" r="2" />
      <path d="M12.2 11c3 0 5.3 3.5 5.3 6 0 3-3 3-5.3 3S7 20 7 17c0-2.5 2.2-6 5.2-6Z" />
    </>
  ),
  parcel: <path d="m3 8 9-5 9 5v9l-9 5-9-5Zm0 0 9 5 9-5M12 13v9" />,
  phone: (
    <>
      <rect x="6" y="2" width="12" height="20" rx="3" />
      <path d="M11 18h2" />
    </>
  ),
};

export const DEVICE_ICONS = Object.keys(DRAWN);

interface FaceProps {
  readonly devices: DeviceTable;
  readonly row: number;
  readonly small?: boolean; // among text
}

/** Its photo, or its drawing where it has none or the photo does not come. For who renders anew when the table changes. */
export function renderFace({ devices, row, small = false }: FaceProps) {
  const [icon, color] = [devices.icon[row] ?? null, devices.color[row] ?? null];
  const photo = devices.photo[row] ?? null;
  if (photo === null) return <DeviceIcon icon={icon} color={color} size={small ? 15 : 20} />;
  const address = photoAddress(devices.id[row]!, photo);
  return <Photo address={address} icon={icon} color={color} size={small ? 20 : 44} key={address} />;
}

interface PhotoProps {
  readonly address: string;
  readonly icon: string | null;
  readonly color: string | null;
  readonly size: number; // px
}

function Photo({ address, icon, color, size }: PhotoProps) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return <DeviceIcon icon={icon} color={color} size={size} />;
  return <img class="face" src={address} alt="" width={size} height={size} onError={() => setMissing(true)} />;
}

/** Nothing where it has neither; a disc where it has a colour only, or an icon of a newer server. */
export function DeviceIcon({ icon, color, size = 18 }: { icon: string | null; color: string | null; size?: number }) {
  if (icon === null && color === null) return null;
  const drawn = icon === null ? undefined : DRAWN[icon];
  return (
    <svg
      class="icon device-icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={drawn ? 'none' : 'currentColor'}
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      style={color === null ? undefined : { '--own': color }}
    >
      {drawn ?? <circle cx="12" cy="12" r="6" />}
    </svg>
  );
}
