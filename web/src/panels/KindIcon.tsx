import type { FenceKind } from '../api/geofences';
import { CircleIcon, CorridorIcon, FenceIcon } from './Icons';

export function KindIcon({ kind }: { kind: FenceKind }) {
  return kind === 'circle' ? <CircleIcon /> : kind === 'corridor' ? <CorridorIcon /> : <FenceIcon />;
}
