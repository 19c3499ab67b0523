// acc[t, o] = sum over c of W[o, c] * in[t, c], then the epilogue. A subgroup does kRows rows of
// W for kTokens rows of `in`; its lanes take eight columns in turn.
//
// One kernel for decode steps (one row of W a subgroup, so that there are many subgroups) and
// prefill (several, so that activations are loaded once for all of them), because each result
// is then summed in one order and has the same bits however many rows a batch has. `precise`
// keeps a compiler from contracting or reordering one variant and not another.
//
// set 0, binding 0: weights, storage buffer, blocks layout of kernels/vulkan/weights.h
// set 0, binding 1: in, f32 [n_rows, cols]
// set 0, binding 2: bias, f32 [out_rows], or unused
// set 0, binding 3: gate, f32 [n_rows, out_rows], or unused
// set 0, binding 4: out, f32 [n_rows, out_rows], or half as wide for pairs
// set 0, binding 5, 6: where the rows from split_1 and split_2 on go, or unused
// push constants: n_rows; cols; out_rows; first_out and part_rows, of W in this part; row_words;
//   epilogue bits; split_1, split_2
// constant 0: local size, a multiple of the subgroup size; constant 1: kTokens, 1 to 8;
// constant 2: kRows, 1 to 4, even for pairs
// Dispatch: x = groups that stride over the rows of W, y = ceil(n_rows / kTokens)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kTokens = 1;
layout(constant_id = 2) const uint kRows = 1;
layout(std430, set = 0, binding = 0) readonly buffer Weights { uint weights[]; };
layout(std430, set = 0, binding = 1) readonly buffer In { float activations[]; };
layout(std430, set = 0, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 3) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 4) buffer Out { float result[]; };
layout(std430, set = 0, binding = 5) buffer Out1 { float result_1[]; };
layout(std430, set = 0, binding = 6) buffer Out2 { float result_2[]; };
layout(push_constant) uniform Push {
  uint n_rows, cols, out_rows, first_out, part_rows, row_words, epilogue, split_1, split_2;
};
#include "weights_blocks.glsl"
#include "epilogue.glsl"

// in[row, 8 * group .. + 7], zeros past the last column.
void load_activations(uint row, uint group, out vec4 a, out vec4 b) {
  const uint col = group * 8;
  const uint at = row * cols + col;
  if (col + 8 <= cols) {
    a = vec4(activations[at], activations[at + 1], activations[at + 2], activations[at + 3]);
    b = vec4(activations[at + 4], activations[at + 5], activations[at + 6], activations[at + 7]);
    return;
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    a[i] = col + i < cols ? activations[at + i] : 0.0;
    b[i] = col + i + 4 < cols ? activations[at + i + 4] : 0.0;
  }
}

void main() {
  const uint first_token = gl_WorkGroupID.y * kTokens;
  const uint n_groups = (cols + 7) / 8;
  const uint stride = gl_NumWorkGroups.x * gl_NumSubgroups * kRows;
  for (uint first = (gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID) * kRows;
       first < part_rows; first += stride) {
    precise float acc[kRows * kTokens];
    [[unroll]] for (uint i = 0; i < kRows * kTokens; ++i) acc[i] = 0.0;
    for (uint group = gl_SubgroupInvocationID; group < n_groups; group += gl_SubgroupSize) {
      vec4 w0[kRows], w1[kRows];
      [[unroll]] for (uint r = 0; r < kRows; ++r) {
        // Rows past the end repeat the last one and are dropped, as tokens are.
        load8(min(first + r, part_rows - 1) * row_words, group, w0[r], w1[r]);
      }
      [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        vec4 x0, x1;
        load_activations(min(first_token + t, n_rows - 1), group, x0, x1);
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          [[unroll]] for (uint r = 0; r < kRows; ++r) {
            acc[r * kTokens + t] = fma(w0[r][i], x0[i], acc[r * kTokens + t]);
          }
        }
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          [[unroll]] for (uint r = 0; r < kRows; ++r) {
            acc[r * kTokens + t] = fma(w1[r][i], x1[i], acc[r * kTokens + t]);
          }
        }
      }
    }
    [[unroll]] for (uint r = 0; r < kRows; ++r) {
      [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        acc[r * kTokens + t] = subgroupAdd(acc[r * kTokens + t]);
      }
    }
    if (!subgroupElect()) continue;
    [[unroll]] for (uint r = 0; r < kRows; ++r) {
      [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        const uint row = first + r;
        const uint token = first_token + t;
        if (row >= part_rows || token >= n_rows) continue;
        if (!has_epilogue(kEpiloguePairs)) {
          finish(token, first_out + row, acc[r * kTokens + t]);
        } else if (r % 2 == 0) {
          finish_pair(token, first_out + row, acc[r * kTokens + t],
                      acc[min(r + 1, kRows - 1) * kTokens + t]);
        }
      }
    }
  }
}
