/** A few drawings in the manner of Lucide (24 units, 2 wide), inline so that they take the colour of the text. */
import type { ComponentChildren } from 'preact';

function Icon({ children, size = 18 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon size={16}>
    <circle cx="11" cy="11" r="7" />
    <path d="m20 20-3.8-3.8" />
  </Icon>
);
export const LayersIcon = () => (
  <Icon>
    <path d="m12 3 9 5-9 5-9-5ZM3 12.5l9 5 9-5" />
  </Icon>
);
export const BookmarkIcon = () => (
  <Icon size={16}>
    <path d="M6 4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v17l-6-4-6 4Z" />
  </Icon>
);
export const PhotoIcon = () => (
  <Icon size={24}>
    <path d="M3 8a1 1 0 0 1 1-1h3l2-3h6l2 3h3a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1Z" />
    <circle cx="12" cy="13" r="4" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M18 6 6 18M6 6l12 12" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a6.8 6.8 0 0 0 10.5 10.5Z" />
  </Icon>
);
export const SettingsIcon = () => (
  <Icon>
    <path d="M3 7h11M20 7h1M3 17h1M10 17h11" />
    <circle cx="17" cy="7" r="3" />
    <circle cx="7" cy="17" r="3" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 20c1-4 4-6 8-6s7 2 8 6" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M9 21H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h3M16 17l5-5-5-5M21 12H9" />
  </Icon>
);
export const FitIcon = () => (
  <Icon>
    <path d="M3 8V5a2 2 0 0 1 2-2h3M16 3h3a2 2 0 0 1 2 2v3M21 16v3a2 2 0 0 1-2 2h-3M8 21H5a2 2 0 0 1-2-2v-3" />
  </Icon>
);
export const FollowIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="7" />
    <path d="M12 1v4M12 19v4M1 12h4M19 12h4" />
    <circle cx="12" cy="12" r="1.5" />
  </Icon>
);
export const EnterIcon = () => (
  <Icon size={15}>
    <path d="M10 17l5-5-5-5M15 12H3M15 3h4a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2h-4" />
  </Icon>
);
export const ExitIcon = () => (
  <Icon size={15}>
    <path d="M9 3H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h4M16 17l5-5-5-5M21 12H9" />
  </Icon>
);
export const CrossIcon = () => (
  <Icon size={15}>
    <path d="M3 12h18M16 7l5 5-5 5M9 4v3M9 17v3M15 4v3M15 17v3" />
  </Icon>
);
export const ClockIcon = () => (
  <Icon size={15}>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7v5l3 2" />
  </Icon>
);
export const GaugeIcon = () => (
  <Icon size={15}>
    <path d="M4 18a9 9 0 1 1 16 0M12 15l4-6" />
  </Icon>
);
export const SignalIcon = () => (
  <Icon size={15}>
    <path d="M5 12a10 10 0 0 1 14 0M8 15.5a5.5 5.5 0 0 1 8 0M12 19h.01" />
  </Icon>
);
export const NoSignalIcon = () => (
  <Icon size={15}>
    <path d="M4 4l16 16M8 15.5a5.5 5.5 0 0 1 7 -.6M5 12a10 10 0 0 1 5-2.800M12 19h.01" />
  </Icon>
);
export const PairIcon = () => (
  <Icon size={15}>
    <circle cx="7" cy="12" r="3.500" />
    <circle cx="17" cy="12" r="3.500" />
  </Icon>
);
export const UndoIcon = () => (
  <Icon size={15}>
    <path d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3" />
  </Icon>
);
export const BatteryIcon = () => (
  <Icon size={15}>
    <path d="M4 8h13v8H4ZM20 11v2M7 11v2" />
  </Icon>
);
export const FilterIcon = () => (
  <Icon size={15}>
    <path d="M4 6h16M7 12h10M10 18h4" />
  </Icon>
);
export const GoIcon = () => (
  <Icon size={15}>
    <path d="m7 4 12 8-12 8Z" />
  </Icon>
);
export const StopIcon = () => (
  <Icon size={15}>
    <rect x="5" y="5" width="14" height="14" rx="2" />
  </Icon>
);
export const LockIcon = () => (
  <Icon size={15}>
    <path d="M5 11h14v9H5ZM8 11V7a4 4 0 0 1 8 0" />
  </Icon>
);
const EVENT_ICONS: Record<string, () => ReturnType<typeof EnterIcon>> = {
  enter: () => <EnterIcon />,
  exit: () => <ExitIcon />,
  cross: () => <CrossIcon />,
  dwell: () => <ClockIcon />,
  speeding: () => <GaugeIcon />,
  offline: () => <NoSignalIcon />,
  online: () => <SignalIcon />,
  near: () => <PairIcon />,
  apart: () => <PairIcon />,
  battery_low: () => <BatteryIcon />,
  frozen: () => <ClockIcon />,
  silent: () => <NoSignalIcon />,
  retraction: () => <UndoIcon />,
  sos: () => <BellIcon />,
  absent: () => <ClockIcon />,
  moving: () => <GoIcon />,
  stopped: () => <StopIcon />,
  moved: () => <LockIcon />,
};
export const EventIcon = ({ type }: { type: string }) => (EVENT_ICONS[type] ?? FenceIcon)();
export const FenceIcon = () => (
  <Icon size={14}>
    <path d="m12 3 8.5 6-3.2 11H6.7L3.5 9Z" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon size={14}>
    <path d="M12 4v16M4 12h16" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="m14 6-6 6 6 6" />
  </Icon>
);
export const SendIcon = () => (
  <Icon size={14}>
    <path d="M21 3 10 14M21 3l-7 18-4-7-7-4Z" />
  </Icon>
);
export const BellIcon = () => (
  <Icon size={14}>
    <path d="M6 16V10a6 6 0 0 1 12 0v6l2 2H4ZM10 21h4" />
  </Icon>
);
export const MailIcon = () => (
  <Icon size={14}>
    <rect x="3" y="5" width="18" height="14" rx="2" />
    <path d="m4 7 8 6 8-6" />
  </Icon>
);
export const HookIcon = () => (
  <Icon size={14}>
    <path d="M8 6l-5 6 5 6M16 6l5 6-5 6" />
  </Icon>
);
export const TopicIcon = () => (
  <Icon size={14}>
    <path d="M4 5a15 15 0 0 1 15 15M4 11a9 9 0 0 1 9 9" />
    <circle cx="5" cy="19" r="1" />
  </Icon>
);
export const ChannelIcon = ({ kind }: { kind: string }) =>
  kind === 'email' ? <MailIcon /> : kind === 'webpush' ? <BellIcon /> : kind === 'mqtt' ? <TopicIcon /> : <HookIcon />;
export const CircleIcon = () => (
  <Icon size={14}>
    <circle cx="12" cy="12" r="9" />
  </Icon>
);
export const CorridorIcon = () => (
  <Icon size={14}>
    <path d="M3 17 9 7l6 6 6-8" />
  </Icon>
);
export const PencilIcon = () => (
  <Icon size={14}>
    <path d="m4 20 1-4L16 5l3 3L8 19Z" />
  </Icon>
);
export const TrashIcon = () => (
  <Icon size={14}>
    <path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13" />
  </Icon>
);
export const HeadingIcon = ({ degrees }: { degrees: number }) => (
  <svg class="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M12 2 19 21l-7-4-7 4Z" fill="currentColor" transform={`rotate(${degrees} 12 12)`} />
  </svg>
);
export const Mark = ({ size = 28 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" class="mark-ground" />
    <path
      d="M23.5 8.5 8.2 14.6l6.6 2.6 2.6 6.6Z"
      fill="#fff"
      stroke="#fff"
      stroke-width="1.6"
      stroke-linejoin="round"
    />
  </svg>
);
