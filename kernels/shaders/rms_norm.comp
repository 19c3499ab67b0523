// RMSNorm over groups of `size` columns (a whole row, or each head of it):
//   out[i] = in[i] / sqrt(mean(in^2) + eps) * weight[i],   with kAccumulate: out[i] += that
//
// set 0  binding 0  in      f32 [n_groups * size], 4 to a texel
//        binding 1  weight  f32 [size], 4 to a texel
//        binding 2  out     f32 [n_groups * size]; may be the buffer of `in`: every element is
//                           written by the invocation that reads it
// push   size, eps
// spec   0  workgroup size, a multiple of the subgroup size
//        1  subgroups in a workgroup
//        2  kAligned: size is a multiple of 4
//        3  kAccumulate
// dispatch  (groups in a row, rows)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kSubgroups = 1;
layout(constant_id = 2) const bool kAligned = true;
layout(constant_id = 3) const bool kAccumulate = false;

layout(set = 0, binding = 0) uniform utextureBuffer in_texels;
layout(set = 0, binding = 1) uniform utextureBuffer weight_texels;
layout(set = 0, binding = 2) buffer Out { float out_values[]; };
layout(set = 0, binding = 2) buffer OutVectors { vec4 out_vectors[]; };

layout(push_constant) uniform Push {
  uint size;
  float eps;
} push;

#include "reduce.glsl"

vec4 load4(utextureBuffer from, uint texel) {
  return uintBitsToFloat(texelFetch(from, int(texel)));
}

float load1(utextureBuffer from, uint element) {
  return uintBitsToFloat(texelFetch(from, int(element / 4))[element % 4]);
}

void norm_aligned(uint begin) {
  const uint n = push.size / 4;
  vec4 squares = vec4(0.0);
  for (uint i = gl_LocalInvocationIndex; i < n; i += gl_WorkGroupSize.x) {
    const vec4 x = load4(in_texels, begin / 4 + i);
    squares += x * x;
  }
  const float sum = workgroup_add(dot(squares, vec4(1.0)));
  const float scale = inversesqrt(sum / float(push.size) + push.eps);
  for (uint i = gl_LocalInvocationIndex; i < n; i += gl_WorkGroupSize.x) {
    vec4 y = load4(in_texels, begin / 4 + i) * scale * load4(weight_texels, i);
    if (kAccumulate) y += out_vectors[begin / 4 + i];
    out_vectors[begin / 4 + i] = y;
  }
}

void norm_scalar(uint begin) {
  float square_sum = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < push.size; i += gl_WorkGroupSize.x) {
    const float x = load1(in_texels, begin + i);
    square_sum += x * x;
  }
  const float scale = inversesqrt(workgroup_add(square_sum) / float(push.size) + push.eps);
  for (uint i = gl_LocalInvocationIndex; i < push.size; i += gl_WorkGroupSize.x) {
    float y = load1(in_texels, begin + i) * scale * load1(weight_texels, i);
    if (kAccumulate) y += out_values[begin + i];
    out_values[begin + i] = y;
  }
}

void main() {
  const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  if (kAligned) {
    norm_aligned(group * push.size);
  } else {
    norm_scalar(group * push.size);
  }
}
