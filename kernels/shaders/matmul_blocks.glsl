// What matvec_blocks.comp and matmul_blocks.comp share.
//
// set 0, binding 0: weights, storage buffer, blocks layout of kernels/vulkan/weights.h
// set 0, binding 1: in, f32 [n_rows, cols]
// set 0, binding 2: bias, f32 [out_rows], or unused
// set 0, binding 3: gate, f32 [n_rows, out_rows], or unused
// set 0, binding 4: out, f32 [n_rows, out_rows]
// push constants: n_rows; cols; out_rows; first_out and part_rows, of W in this part; row_words;
//   epilogue bits
layout(std430, set = 0, binding = 0) readonly buffer Weights { uint weights[]; };
layout(std430, set = 0, binding = 1) readonly buffer In { float activations[]; };
layout(std430, set = 0, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 3) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 4) buffer Out { float result[]; };
layout(push_constant) uniform Push {
  uint n_rows, cols, out_rows, first_out, part_rows, row_words, epilogue;
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
