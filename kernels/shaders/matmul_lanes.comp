// acc[t, o] = sum over c of W[o, c] * in[t, c], then the epilogue; with kNorm `in` is normalized as
// in rms_norm.comp: acc is of in * norm and is multiplied by 1 / sqrt(mean(in^2) + eps). For CPU drivers: a lane does
// four rows of a tile for kTokens rows of `in`; each weight is decoded once and used for all of
// them. The lanes fetch 32 activations at once and shuffle them: a load that all lanes share
// costs Mesa 22.3 a gather. With ACTIVATIONS_STORAGE activations come as a storage buffer, for
// rows that are not whole texels.
//
// set 0, binding 0: weights, uniform texel buffer, tiles layout of kernels/vulkan/weights.h
// set 0, binding 1: in, f32 [n_rows, cols], uniform texel buffer
// set 0, binding 2: bias, f32 [out_rows], or unused
// set 0, binding 3: gate, f32 [n_rows, out_rows], or unused
// set 0, binding 4: out, f32 [n_rows, out_rows], or half as wide for pairs
// set 0, binding 5, 6: where the rows from split_1 and split_2 on go, or unused
// set 0, binding 7: weight of the norm, f32 [cols], uniform texel buffer, or unused
// push constants: n_rows; first_row, of `in` in this dispatch; cols; out_rows; first_out and
//   part_rows, of W in this part; n_steps, of a row; split_1, split_2; norm_eps
// constant 0: local size = lanes of a tile = subgroup size; constant 1: kTokens, 1 to 16;
// constant 2: epilogue bits, 64 for kNorm
// Dispatch: x = ceil(part_rows / (4 * lanes)), y = ceil((n_rows - first_row) / kTokens)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kTokens = 1;
layout(constant_id = 2) const uint kEpilogue = 0;
const uint kLanes = gl_WorkGroupSize.x;
const bool kNorm = (kEpilogue & 64) != 0;
layout(set = 0, binding = 0) uniform utextureBuffer weights;
#if defined(ACTIVATIONS_STORAGE)
layout(std430, set = 0, binding = 1) readonly buffer In { float activations[]; };
#else
layout(set = 0, binding = 1) uniform utextureBuffer activations;
#endif
layout(std430, set = 0, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 3) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 4) buffer Out { float result[]; };
layout(std430, set = 0, binding = 5) buffer Out1 { float result_1[]; };
layout(std430, set = 0, binding = 6) buffer Out2 { float result_2[]; };
#if !defined(ACTIVATIONS_STORAGE)
layout(set = 0, binding = 7) uniform utextureBuffer norm_weight;
#endif
layout(push_constant) uniform Push {
  uint n_rows, first_row, cols, out_rows, first_out, part_rows, n_steps, split_1, split_2;
  float norm_eps;
};
#include "weights_lanes.glsl"
#define epilogue kEpilogue
#include "epilogue.glsl"

// A block's activations of one row, columns 4 * quad to + 3 at a time.
#if defined(ACTIVATIONS_STORAGE)
struct Activations { uint at; };
Activations load_activations(uint row_base, uint col, inout float square_sum) {
  return Activations(row_base + col);
}
float norm_scale(float square_sum) { return 1.0; }
vec4 activation_quad(Activations x, uint quad, uint row_base) {
  const uint last = row_base + cols - 1;  // float rows may end inside a block
  const uint at = x.at + quad * 4;
  return vec4(activations[min(at, last)], activations[min(at + 1, last)],
              activations[min(at + 2, last)], activations[min(at + 3, last)]);
}
#else
// Each lane brings a quad, or two where there are four lanes; the others come from neighbours.
const uint kQuadLanes = kLanes < 8 ? 4 : 8;
const uint kQuads = 8 / kQuadLanes;
struct Activations { vec4 quads[2]; };
vec4 load4(utextureBuffer from, uint texel) {
  return uintBitsToFloat(texelFetch(from, int(texel)));
}
// square_sum: of what this lane has brought.
Activations load_activations(uint row_base, uint col, inout float square_sum) {
  Activations x;
  [[unroll]] for (uint i = 0; i < kQuads; ++i) {
    // Float rows may end inside a block.
    const uint at = col / 4 + i * kQuadLanes + gl_LocalInvocationID.x % kQuadLanes;
    x.quads[i] = at < cols / 4 ? load4(activations, row_base / 4 + at) : vec4(0);
    if (kNorm) {
      square_sum += dot(x.quads[i], x.quads[i]);
      x.quads[i] *= load4(norm_weight, min(at, cols / 4 - 1));
    }
  }
  return x;
}
vec4 activation_quad(Activations x, uint quad, uint row_base) {
  return subgroupShuffle(x.quads[quad / kQuadLanes], quad % kQuadLanes);
}
float norm_scale(float square_sum) {
  const float sum = subgroupAdd(square_sum) * (float(kQuadLanes) / float(kLanes));
  return inversesqrt(sum / float(cols) + norm_eps);
}
#endif

void add_products(Block b, uint row_base[kTokens], uint col, inout vec4 acc[kTokens],
                  inout float square_sum[kTokens]) {
  Activations x[kTokens];
  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    x[t] = load_activations(row_base[t], col, square_sum[t]);
  }
  [[unroll]] for (uint quad = 0; quad < kBlockCols / 4; ++quad) {
    const vec4 w0 = columns(b, 0, quad);
    const vec4 w1 = columns(b, 1, quad);
    const vec4 w2 = columns(b, 2, quad);
    const vec4 w3 = columns(b, 3, quad);
    [[unroll]] for (uint t = 0; t < kTokens; ++t) {
      const vec4 xs = activation_quad(x[t], quad, row_base[t]);
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        acc[t] = fma(vec4(w0[i], w1[i], w2[i], w3[i]), vec4(xs[i]), acc[t]);
      }
    }
  }
}

void main() {
  const uint first_token = first_row + gl_WorkGroupID.y * kTokens;
  uint row_base[kTokens];
  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    // Rows past the end repeat the last one and are dropped.
    row_base[t] = min(first_token + t, max(n_rows, 1u) - 1) * cols;
  }
  // Variants must agree to the bit: one order of summing, and no compiler to change it.
  precise vec4 acc[kTokens];
  precise float square_sum[kTokens];
  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    acc[t] = vec4(0);
    square_sum[t] = 0.0;
  }

  int step_base = int(gl_WorkGroupID.x * n_steps * kStepTexels * kLanes + gl_LocalInvocationID.x);
  uint col = 0;
  for (uint s = 0; s < n_steps; ++s, step_base += int(kStepTexels * kLanes)) {
    for (uint block = 0; block < kBlocksPerStep; ++block, col += kBlockCols) {
      const Block b = load_block(step_base, block);
      add_products(b, row_base, col, acc, square_sum);
    }
  }

  [[unroll]] for (uint t = 0; t < kTokens; ++t) {
    if (kNorm) acc[t] *= norm_scale(square_sum[t]);
    [[unroll]] for (uint r = 0; r < 4; ++r) {
      const uint row = gl_WorkGroupID.x * 4 * kLanes + r * kLanes + gl_LocalInvocationID.x;
      const bool counts = first_token + t < n_rows && row < part_rows;
      if (has_epilogue(kEpiloguePairs)) {
        const float other = subgroupShuffleXor(acc[t][r], 1);
        if (counts && row % 2 == 0) finish_pair(first_token + t, first_out + row, acc[t][r], other);
      } else if (counts) {
        finish(first_token + t, first_out + row, acc[t][r]);
      }
    }
  }
}
