/** Markers: a disc for what stands, a drop that points the way for what moves. Mixed between two places by the GPU. */

export function vertexShader(prelude: string, define: string): string {
  return `#version 300 es
${prelude}
${define}
in uvec2 a_from;
in uvec2 a_to;
in uvec2 a_time;     // start and length of the glide, ms
in uvec4 a_look;     // status, 1 shown, 1 has heading + 2 picked, 1 counted in a disc
in vec2 a_heading;   // turns, at its start and end
uniform uint u_now;
uniform float u_size;
uniform uvec2 u_centre;
uniform mat4 u_matrix;
uniform float u_turn;
uniform vec4 u_colors[4];
flat out vec4 v_color;
flat out vec2 v_way;
flat out float v_pointed;
flat out float v_picked;
void main() {
  float k = clamp(float(u_now - a_time.x) / max(float(a_time.y), 1.0), 0.0, 1.0);
#ifdef GLOBE
  gl_Position = projectTile(mix(vec2(a_from), vec2(a_to), k) / 4294967296.0);
#else
  // The difference is taken between integers: as floats the places themselves would tremble from zoom 15 on.
  vec2 from = vec2(ivec2(a_from - u_centre));
  vec2 to = from + vec2(ivec2(a_to - a_from));
  gl_Position = u_matrix * vec4(mix(from, to, k) / 4294967296.0, 0.0, 1.0);
#endif
  gl_PointSize = u_size;
  if (a_look.y == 0u || a_look.w == 1u) gl_Position = vec4(2.0, 2.0, 2.0, 1.0); // outside: nothing is drawn
  v_color = u_colors[min(a_look.x, 3u)];
  float turned = a_heading.y - a_heading.x;
  float heading = (a_heading.x + k * (turned - round(turned))) * 6.2831853 + u_turn;
  v_way = vec2(sin(heading), cos(heading));
  v_pointed = float(a_look.z & 1u);
  v_picked = float(a_look.z >> 1u);
}`;
}

export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
flat in vec4 v_color;
flat in vec2 v_way;
flat in float v_pointed;
flat in float v_picked;
uniform float u_size;
uniform float u_halo;   // 1: draw the ring of the selected device instead
uniform vec4 u_rim;
uniform vec4 u_picked;
out vec4 o_color;

const float RADIUS = 0.47;
const float TIP = 0.91;
const float SINE = RADIUS / TIP;
const float COSINE = 0.856305;  // of the same angle

float marker(vec2 p) {
  vec2 q = vec2(abs(p.x * v_way.y - p.y * v_way.x), dot(p, v_way));
  float disc = length(q) - RADIUS;
  bool beak = q.y * COSINE > q.x * SINE;
  return beak && v_pointed > 0.5 ? q.x * COSINE + (q.y - TIP) * SINE : disc;
}

void main() {
  vec2 p = vec2(gl_PointCoord.x * 2.0 - 1.0, 1.0 - gl_PointCoord.y * 2.0);
  float pixel = 2.0 / u_size;
  if (u_halo > 0.5) {
    float r = length(p);
    float disc = 1.0 - smoothstep(0.96 - pixel, 0.96, r);
    float ring = disc * smoothstep(0.86 - pixel, 0.86, r);
    o_color = vec4(v_color.rgb, 1.0) * (0.16 * disc + 0.7 * ring);
    return;
  }
  if (dot(p, p) > 1.0) discard;
  float d = marker(p);
  float rim = v_picked > 0.5 ? max(0.24, 2.4 * pixel) : max(0.105, 1.1 * pixel);
  float body = 1.0 - smoothstep(-pixel, 0.0, d + rim);
  float whole = 1.0 - smoothstep(-pixel, 0.0, d);
  float shadow = 0.28 * clamp((u_size - 12.0) / 12.0, 0.0, 1.0) * (1.0 - smoothstep(0.0, 0.14, d));
  vec4 color = mix(v_picked > 0.5 ? u_picked : u_rim, vec4(v_color.rgb, 1.0), body) * whole;
  o_color = (color + vec4(0.0, 0.0, 0.0, shadow) * (1.0 - whole)) * v_color.a;
  if (o_color.a < 0.01) discard;
}`;
