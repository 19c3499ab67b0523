// out[r, :] = table[tokens[r], :] * scale, for the rows that this part of the table holds.
//
// set 0, binding 0: weights, uniform texel buffer, tiles layout of kernels/vulkan/weights.h
// set 0, binding 1: tokens, u32 [n_rows]
// set 0, binding 2: out, f32 [n_rows, cols]
// push constants: n_rows, cols, first_row and part_rows of the part, tile_texels a lane, scale
// constant 0: local size; constant 1: lanes of a tile.
// Dispatch: x = ceil(cols / (32 * local size)), y = n_rows. An invocation does a block.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kLanes = 8;
layout(set = 0, binding = 0) uniform utextureBuffer weights;
layout(std430, set = 0, binding = 1) readonly buffer Tokens { uint tokens[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Out { float result[]; };
layout(push_constant) uniform Push {
  uint n_rows, cols, first_row, part_rows, tile_texels;
  float scale;
};
#include "weights_lanes.glsl"

void main() {
  const uint row = gl_WorkGroupID.y;
  const uint block = gl_GlobalInvocationID.x;
  if (row >= n_rows || block * kBlockCols >= cols) return;
  const uint token = tokens[row] - first_row;
  if (token >= part_rows) return;
  const uint tile = token / (4 * kLanes);
  const uint row_of_lane = token / kLanes % 4;
  const uint step_base = (tile * tile_texels + block / kBlocksPerStep * kStepTexels) * kLanes +
                         token % kLanes;
  const Block b = load_block(int(step_base), block % kBlocksPerStep);
  [[unroll]] for (uint quad = 0; quad < kBlockCols / 4; ++quad) {
    vec4 w = columns(b, 0, quad);
    [[unroll]] for (uint r = 1; r < 4; ++r) {
      const vec4 other = columns(b, r, quad);
      if (row_of_lane == r) w = other;
    }
    const uint col = block * kBlockCols + quad * 4;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      if (col + i < cols) result[row * cols + col + i] = scale * w[i];
    }
  }
}
