// out[r, :] = table[tokens[r], :] * scale, for the rows that this part of the table holds.
//
// set 0, binding 0: weights, storage buffer, blocks layout of kernels/vulkan/weights.h
// set 0, binding 1: tokens, u32 [n_rows]
// set 0, binding 2: out, f32 [n_rows, cols]
// push constants: n_rows, cols, first_row and part_rows of the part, row_words, scale
// constant 0: local size. Dispatch: x = ceil(cols / (8 * local size)), y = n_rows
#version 450
#extension GL_GOOGLE_include_directive : require
layout(local_size_x_id = 0) in;
layout(std430, set = 0, binding = 0) readonly buffer Weights { uint weights[]; };
layout(std430, set = 0, binding = 1) readonly buffer Tokens { uint tokens[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Out { float result[]; };
layout(push_constant) uniform Push {
  uint n_rows, cols, first_row, part_rows, row_words;
  float scale;
};
#include "weights_blocks.glsl"

void main() {
  const uint row = gl_WorkGroupID.y;
  const uint group = gl_GlobalInvocationID.x;
  if (row >= n_rows || group * 8 >= cols) return;
  const uint token = tokens[row] - first_row;
  if (token >= part_rows) return;
  vec4 a, b;
  load8(token * row_words, group, a, b);
  const uint at = row * cols + group * 8;
  for (uint i = 0; i < min(8u, cols - group * 8); ++i) {
    result[at + i] = scale * (i < 4 ? a[i] : b[i - 4]);
  }
}
