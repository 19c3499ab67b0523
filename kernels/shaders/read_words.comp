// Reads a buffer once, to measure how fast: xors n_texels texels an invocation.
//
// set 0, binding 0: data, storage buffer of uvec4, groups * local size * n_texels
// set 0, binding 1: out, storage buffer of u32 [1]; only ever written in theory
// push constants: n_texels a invocation
// constant 0: local size. Dispatch: x = texels / (local size * n_texels)
#version 450
layout(local_size_x_id = 0) in;
layout(std430, set = 0, binding = 0) readonly buffer Data { uvec4 data[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Out { uint result; };
layout(push_constant) uniform Push { uint n_texels; };

void main() {
  uint at = gl_WorkGroupID.x * n_texels * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  uvec4 sum = uvec4(0);
  for (uint i = 0; i < n_texels; ++i, at += gl_WorkGroupSize.x) sum ^= data[at];
  // The data are zeros, but the compiler cannot know.
  if (any(notEqual(sum, uvec4(0)))) result = sum.x ^ sum.y ^ sum.z ^ sum.w;
}
