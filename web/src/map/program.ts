/** The WebGL side of the device layer: one program per projection, attributes as markers.ts lays them out. */
import type { CustomLayerProjectionData } from 'maplibre-gl';
import { type MarkerColors, STRIDE } from './markers';
import { FRAGMENT_SHADER, vertexShader } from './shaders';

export interface Program {
  use(now: number, matrix: Float32Array, centre: [number, number], turn: number, colors: MarkerColors): void;
  projection(data: CustomLayerProjectionData): void;
  draw(size: number, halo: boolean, first: number, count: number): void;
  done(): void;
  discard(): void;
}

export function compile(gl: WebGL2RenderingContext, prelude: string, define: string, buffer: WebGLBuffer): Program {
  const program = link(gl, vertexShader(prelude, define), FRAGMENT_SHADER);
  const vertices = describe(gl, program, buffer);
  const at = memo((name) => gl.getUniformLocation(program, name));
  const rgba = memo(parseColor);
  return {
    use(now, matrix, centre, turn, colors) {
      gl.useProgram(program);
      gl.uniform1ui(at('u_now'), now);
      gl.uniform2ui(at('u_centre'), centre[0], centre[1]);
      gl.uniformMatrix4fv(at('u_matrix'), false, matrix);
      gl.uniform1f(at('u_turn'), turn);
      gl.uniform4fv(
        at('u_colors'),
        colors.status.flatMap((color) => rgba(color)),
      );
      gl.uniform4fv(at('u_rim'), rgba(colors.rim));
      gl.uniform4fv(at('u_picked'), rgba(colors.picked));
      gl.bindVertexArray(vertices);
    },
    projection(data) {
      if (!at('u_projection_matrix')) return; // mercator: the shader uses our own matrix
      gl.uniformMatrix4fv(at('u_projection_matrix'), false, data.mainMatrix as Float32List);
      gl.uniformMatrix4fv(at('u_projection_fallback_matrix'), false, data.fallbackMatrix as Float32List);
      gl.uniform4f(
        at('u_projection_tile_mercator_coords'),
        ...(data.tileMercatorCoords as [number, number, number, number]),
      );
      gl.uniform4f(at('u_projection_clipping_plane'), ...(data.clippingPlane as [number, number, number, number]));
      gl.uniform1f(at('u_projection_transition'), data.projectionTransition);
    },
    draw(size, halo, first, count) {
      gl.uniform1f(at('u_size'), size);
      gl.uniform1f(at('u_halo'), halo ? 1 : 0);
      gl.drawArrays(gl.POINTS, first, count);
    },
    done: () => gl.bindVertexArray(null),
    discard() {
      gl.deleteVertexArray(vertices);
      gl.deleteProgram(program);
    },
  };
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // it lives on while the program does
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`device layer: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

function describe(gl: WebGL2RenderingContext, program: WebGLProgram, buffer: WebGLBuffer): WebGLVertexArrayObject {
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  const integers = (name: string, size: number, type: number, offset: number) => {
    const location = gl.getAttribLocation(program, name);
    if (location < 0) return;
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, size, type, STRIDE, offset);
  };
  integers('a_from', 2, gl.UNSIGNED_INT, 0);
  integers('a_to', 2, gl.UNSIGNED_INT, 8);
  integers('a_time', 2, gl.UNSIGNED_INT, 16);
  integers('a_look', 4, gl.UNSIGNED_BYTE, 24);
  const heading = gl.getAttribLocation(program, 'a_heading');
  gl.enableVertexAttribArray(heading);
  gl.vertexAttribPointer(heading, 2, gl.UNSIGNED_SHORT, true, STRIDE, 28);
  gl.bindVertexArray(null);
  return vertices;
}

/** `#rrggbb` or `#rrggbbaa`. */
function parseColor(hex: string): [number, number, number, number] {
  const part = (index: number) => parseInt(hex.slice(1 + 2 * index, 3 + 2 * index) || 'ff', 16) / 255;
  return [part(0), part(1), part(2), part(3)];
}

function memo<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key)!;
  };
}
