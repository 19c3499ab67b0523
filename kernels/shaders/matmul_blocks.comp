// acc[t, o] = sum over c of W[o, c] * in[t, c], then the epilogue, for many rows of `in`: a
// workgroup of 16 x 16 does 64 rows of W for 64 rows of `in`. Tiles of both, 16 columns deep, go
// through shared memory; an invocation keeps 4 x 4 results.
//
// Bindings and push constants: see matmul_blocks.glsl.
// Dispatch: x = ceil(part_rows / 64), y = ceil(n_rows / 64); local size 256
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 256) in;
#include "matmul_blocks.glsl"

const uint kTile = 64;
const uint kDepth = 16;
const uint kPitch = kTile + 1;  // spreads the columns over the banks
shared float w_tile[kDepth * kPitch];
shared float x_tile[kDepth * kPitch];

void main() {
  const uint local = gl_LocalInvocationID.x;
  const uint first_row = gl_WorkGroupID.x * kTile;
  const uint first_token = gl_WorkGroupID.y * kTile;
  const uint n_groups = (cols + 7) / 8;
  // Loading: half of the workgroup for each tile; an invocation brings eight columns of a line.
  const bool loads_weights = local < 128;
  const uint line = local % 128 / 2;
  const uint group_of_line = local % 2;
  // Computing: results at rows of W ty + 16 i, rows of `in` tx + 16 j.
  const uint tx = local % 16;
  const uint ty = local / 16;
  vec4 acc[4];
  [[unroll]] for (uint i = 0; i < 4; ++i) acc[i] = vec4(0);

  for (uint depth = 0; depth < n_groups; depth += kDepth / 8) {
    const uint group = depth + group_of_line;
    vec4 a = vec4(0);
    vec4 b = vec4(0);
    if (group < n_groups) {
      if (loads_weights) {
        if (first_row + line < part_rows) load8((first_row + line) * row_words, group, a, b);
      } else {
        if (first_token + line < n_rows) load_activations(first_token + line, group, a, b);
      }
    }
    [[unroll]] for (uint i = 0; i < 8; ++i) {
      const uint at = (group_of_line * 8 + i) * kPitch + line;
      const float value = i < 4 ? a[i] : b[i - 4];
      if (loads_weights) {
        w_tile[at] = value;
      } else {
        x_tile[at] = value;
      }
    }
    barrier();
    [[unroll]] for (uint k = 0; k < kDepth; ++k) {
      vec4 w, x;
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        w[i] = w_tile[k * kPitch + ty + 16 * i];
        x[i] = x_tile[k * kPitch + tx + 16 * i];
      }
      [[unroll]] for (uint i = 0; i < 4; ++i) acc[i] = fma(vec4(w[i]), x, acc[i]);
    }
    barrier();
  }
  // Both are in bounds or dropped.
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      const uint row = first_row + ty + 16 * i;
      const uint token = first_token + tx + 16 * j;
      if (row < part_rows && token < n_rows) {
        finish(token * out_rows + first_out + row, first_out + row, acc[i][j]);
      }
    }
  }
}
