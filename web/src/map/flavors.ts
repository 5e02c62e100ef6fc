/** Our two palettes over those of Protomaps: quiet grounds, so that what moves is what is seen. */
import { type Flavor, namedFlavor } from '@protomaps/basemaps';

export type Theme = 'light' | 'dark';

const LIGHT: Partial<Flavor> = {
  background: '#c3dbe8', water: '#c3dbe8', earth: '#f4f3ef', buildings: '#e4e0d9', pier: '#ebe8e1', pedestrian: '#efede7',
  park_a: '#dcebcf', park_b: '#d3e6c4', wood_a: '#dbe9d0', wood_b: '#cfe2c2', scrub_a: '#e1ead6', scrub_b: '#dbe6cf',
  school: '#efece4', hospital: '#f3eae8', industrial: '#edebe5',
  other: '#fbfaf7', minor_service: '#ffffff', minor_a: '#ffffff', minor_b: '#ffffff', link: '#ffffff', major: '#fff6df',
  highway: '#ffe6b0', minor_casing: '#dfdad0', minor_service_casing: '#e4dfd6', major_casing_early: '#e3d2a8',
  major_casing_late: '#e3d2a8', highway_casing_early: '#e0bd74', highway_casing_late: '#e0bd74', railway: '#c9c4ba',
  boundaries: '#a7a2b5', country_label: '#5c5f6d', city_label: '#3d4452', city_label_halo: '#f8f7f4', subplace_label: '#818796',
  subplace_label_halo: '#f8f7f4', roads_label_minor: '#847d72', roads_label_major: '#716a5f', ocean_label: '#6d93aa',
}; // prettier-ignore

const DARK: Partial<Flavor> = {
  background: '#0a121c', water: '#0a121c', earth: '#172230', buildings: '#1e2b3b', pier: '#172230', pedestrian: '#1b2837',
  park_a: '#17302c', park_b: '#17302c', wood_a: '#162b26', wood_b: '#162b26', scrub_a: '#182c29', scrub_b: '#182c29',
  school: '#1a2736', hospital: '#1f2636', industrial: '#1a2634', beach: '#252f30', sand: '#252f30', glacier: '#22303f',
  other: '#233244', minor_service: '#28384b', minor_a: '#2c3d52', minor_b: '#2c3d52', link: '#36495f', major: '#3a4f6c',
  highway: '#4b658b', minor_casing: '#111b27', minor_service_casing: '#111b27', major_casing_early: '#111b27',
  major_casing_late: '#111b27', highway_casing_early: '#111b27', highway_casing_late: '#111b27', railway: '#2d3e52',
  tunnel_other: '#1a2634', tunnel_minor: '#1e2c3c', tunnel_major: '#24354a', tunnel_highway: '#2b3f59',
  tunnel_other_casing: '#172230', bridges_other: '#233244',
  boundaries: '#55708f', country_label: '#8aa2bd', city_label: '#a9bcd2', city_label_halo: '#0f1823', subplace_label: '#7389a3',
  subplace_label_halo: '#0f1823', roads_label_major: '#8ba0b8', roads_label_major_halo: '#172230',
  roads_label_minor: '#708399', roads_label_minor_halo: '#172230', ocean_label: '#47617d',
}; // prettier-ignore

export function flavor(theme: Theme): Flavor {
  return { ...namedFlavor(theme), ...(theme === 'light' ? LIGHT : DARK) };
}

/** What we draw on top. */
export const PAINT = {
  light: {
    markers: { status: ['#7b8494', '#5b6b80', '#2563eb', '#9aa3b180'], rim: '#ffffff' },
    fence: '#7c3aed', fenceLabel: '#5b21b6', halo: '#ffffff', trail: '#2563eb', cell: '#2563eb', cellText: '#ffffff',
  },
  dark: {
    markers: { status: ['#8d9bb0', '#a9b7ca', '#4ea1ff', '#5f708680'], rim: '#0c1520' },
    fence: '#a78bfa', fenceLabel: '#c4b5fd', halo: '#0f1823', trail: '#4ea1ff', cell: '#4ea1ff', cellText: '#08121e',
  },
} as const satisfies Record<Theme, object>;
