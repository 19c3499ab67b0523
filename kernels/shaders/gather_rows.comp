// out[i, :] = in[rows[i], :]
//
// set 0  binding 0  in    f32 [max_rows, cols]
//        binding 1  rows  u32 [n_rows], each < n_in_rows (others read the last row)
//        binding 2  out   f32 [n_rows, cols]
// push   cols, n_in_rows
// spec   0  workgroup size
//        1  kAligned: cols is a multiple of 4
// dispatch  (n_rows)
#version 450

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool kAligned = true;

layout(set = 0, binding = 0) readonly buffer In { float in_values[]; };
layout(set = 0, binding = 0) readonly buffer InVectors { vec4 in_vectors[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uint rows[]; };
layout(set = 0, binding = 2) writeonly buffer Out { float out_values[]; };
layout(set = 0, binding = 2) writeonly buffer OutVectors { vec4 out_vectors[]; };

layout(push_constant) uniform Push {
  uint cols;
  uint n_in_rows;
} push;

void main() {
  const uint n = kAligned ? push.cols / 4 : push.cols;
  const uint from = min(rows[gl_WorkGroupID.x], push.n_in_rows - 1) * n;
  const uint to = gl_WorkGroupID.x * n;
  for (uint i = gl_LocalInvocationIndex; i < n; i += gl_WorkGroupSize.x) {
    if (kAligned) {
      out_vectors[to + i] = in_vectors[from + i];
    } else {
      out_values[to + i] = in_values[from + i];
    }
  }
}
