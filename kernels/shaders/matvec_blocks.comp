// acc[t, o] = sum over c of W[o, c] * in[t, c], then the epilogue, for few rows of `in`: a
// subgroup does one row of W for kTokens rows of `in`; its lanes take eight columns in turn.
//
// Bindings and push constants as matmul_blocks.comp.
// constant 0: local size, a multiple of the subgroup size; constant 1: kTokens, 1 to 8
// Dispatch: x = groups that stride over the rows of W, y = ceil(n_rows / kTokens)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kTokens = 1;
#include "matmul_blocks.glsl"

void main() {
  const uint first_token = gl_WorkGroupID.y * kTokens;
  const uint n_groups = (cols + 7) / 8;
  const uint stride = gl_NumWorkGroups.x * gl_NumSubgroups;
  for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < part_rows;
       row += stride) {
    float acc[kTokens];
    [[unroll]] for (uint t = 0; t < kTokens; ++t) acc[t] = 0.0;
    for (uint group = gl_SubgroupInvocationID; group < n_groups; group += gl_SubgroupSize) {
      vec4 w0, w1;
      load8(row * row_words, group, w0, w1);
      [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        vec4 x0, x1;
        load_activations(min(first_token + t, n_rows - 1), group, x0, x1);
        acc[t] += dot(w0, x0) + dot(w1, x1);
      }
    }
    [[unroll]] for (uint t = 0; t < kTokens; ++t) {
      const float sum = subgroupAdd(acc[t]);
      if (subgroupElect() && first_token + t < n_rows) {
        finish((first_token + t) * out_rows + first_out + row, first_out + row, sum);
      }
    }
  }
}
