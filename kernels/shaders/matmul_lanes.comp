// acc[t, o] = sum over c of W[o, c] * in[t, c], then the epilogue. For CPU drivers: a lane does
// four rows of a tile for kTokens rows of `in`; each weight is decoded once and used for all of
// them. Activations come as a uniform buffer: there these drivers load a value that all lanes
// share without a loop over the lanes (ARCHITECTURE.md, "Kernels"). With ACTIVATIONS_STORAGE
// they come as a storage buffer, for rows that no uniform binding holds.
//
// set 0, binding 0: weights, uniform texel buffer, tiles layout of kernels/vulkan/weights.h
// set 0, binding 1: in from row bound_row on, f32 [rows, cols]
// set 0, binding 2: bias, f32 [out_rows], or unused
// set 0, binding 3: gate, f32 [n_rows, out_rows], or unused
// set 0, binding 4: out, f32 [n_rows, out_rows]
// push constants: n_rows; first_row, of `in` in this dispatch; bound_row, where binding 1
//   begins; cols; out_rows; first_out and part_rows, of W in this part; n_steps, of a row;
//   epilogue bits
// constant 0: local size = lanes of a tile; constant 1: kTokens, 1 to 16
// Dispatch: x = ceil(part_rows / (4 * lanes)), y = ceil((n_rows - first_row) / kTokens)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kTokens = 1;
const uint kLanes = gl_WorkGroupSize.x;
layout(set = 0, binding = 0) uniform utextureBuffer weights;
#if defined(ACTIVATIONS_STORAGE)
layout(std430, set = 0, binding = 1) readonly buffer In { float activations[]; };
#else
layout(std140, set = 0, binding = 1) uniform In { vec4 activations[4096]; };
#endif
layout(std430, set = 0, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 3) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 4) buffer Out { float result[]; };
layout(push_constant) uniform Push {
  uint n_rows, first_row, bound_row, cols, out_rows, first_out, part_rows, n_steps, epilogue;
};
#include "weights_lanes.glsl"
#include "epilogue.glsl"

// Columns at to at + 3 of the row that begins at `row_base`.
vec4 load_activations(uint row_base, uint at) {
#if defined(ACTIVATIONS_STORAGE)
  const uint last = cols - 1;  // float rows may end inside a block
  return vec4(activations[row_base + min(at, last)], activations[row_base + min(at + 1, last)],
              activations[row_base + min(at + 2, last)], activations[row_base + min(at + 3, last)]);
#else
  if (kBlockCols == 8) at = min(at, cols - 4);
  return activations[(row_base + at) / 4];
#endif
}

void main() {
  const uint first_token = first_row + gl_WorkGroupID.y * kTokens;
  uint row_base[kTokens];
  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    // Rows past the end repeat the last one and are dropped.
    row_base[t] = (min(first_token + t, max(n_rows, 1u) - 1) - bound_row) * cols;
  }
  // Variants must agree to the bit: one order of summing, and no compiler to change it.
  precise vec4 acc[kTokens];
  [[unroll]] for (uint t = 0; t < kTokens; ++t) acc[t] = vec4(0);

  int step_base = int(gl_WorkGroupID.x * n_steps * kStepTexels * kLanes + gl_LocalInvocationID.x);
  uint col = 0;
  for (uint s = 0; s < n_steps; ++s, step_base += int(kStepTexels * kLanes)) {
    for (uint block = 0; block < kBlocksPerStep; ++block, col += kBlockCols) {
      const Block b = load_block(step_base, block);
      [[unroll]] for (uint quad = 0; quad < kBlockCols / 4; ++quad) {
        const vec4 w0 = columns(b, 0, quad);
        const vec4 w1 = columns(b, 1, quad);
        const vec4 w2 = columns(b, 2, quad);
        const vec4 w3 = columns(b, 3, quad);
        [[unroll]] for (uint t = 0; t < kTokens; ++t) {
          const vec4 x = load_activations(row_base[t], col + quad * 4);
          [[unroll]] for (uint i = 0; i < 4; ++i) {
            acc[t] = fma(vec4(w0[i], w1[i], w2[i], w3[i]), vec4(x[i]), acc[t]);
          }
        }
      }
    }
  }

  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    [[unroll]] for (uint r = 0; r < 4; ++r) {
      const uint row = gl_WorkGroupID.x * 4 * kLanes + r * kLanes + gl_LocalInvocationID.x;
      if (first_token + t < n_rows && row < part_rows) {
        finish((first_token + t) * out_rows + first_out + row, first_out + row, acc[t][r]);
      }
    }
  }
}
