// RoPE (Su et al., 2021) on every head of q in place and of k, then k and v rounded to f16 into
// the paged cache. With pair i made of elements (a, b):
//   a' = a cos_i - b sin_i,   b' = a sin_i + b cos_i
// Elements of a head from rope_dim on are copied as they are.
//
// set 0  binding 0  q        f32 [n_rows, n_heads * head_dim], 4 to a texel
//        binding 1  k        f32 [n_rows, n_kv_heads * head_dim], 4 to a texel
//        binding 2  v        f32 [n_rows, n_kv_heads * head_dim], 4 to a texel
//        binding 3  cos_sin  f32 [n_rows, rope_dim]: cos, sin of pair 0, of pair 1 ...; 4 to a
//                            texel
//        binding 4  slots    u32 [n_rows]; a slot past the cache stores nothing
//        binding 5  q again, to be written: every element by the invocation that reads it
//        binding 6  cache    f16 K then V, each [block][kv_head][pos_in_block][head_dim],
//                            8 to a uvec4
// push   n_heads, n_kv_heads, rope_dim, block_size, n_blocks
// spec   0  workgroup size
//        1  kHeadDim, a multiple of 8
//        2  kHalves: pairs are (i, i + rope_dim / 2) instead of (2i, 2i + 1)
//        3  kAligned: rope_dim is a multiple of 8, so that whole vec4s are rotated
// dispatch  (n_rows)
#version 450

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kHeadDim = 64;
layout(constant_id = 2) const bool kHalves = false;
layout(constant_id = 3) const bool kAligned = true;

layout(set = 0, binding = 0) uniform utextureBuffer q_texels;
layout(set = 0, binding = 1) uniform utextureBuffer k_texels;
layout(set = 0, binding = 2) uniform utextureBuffer v_texels;
layout(set = 0, binding = 3) uniform utextureBuffer cos_sin_texels;
layout(set = 0, binding = 4) readonly buffer Slots { uint slots[]; };
layout(set = 0, binding = 5) writeonly buffer Q { float q_values[]; };
layout(set = 0, binding = 5) writeonly buffer QVectors { vec4 q_vectors[]; };
layout(set = 0, binding = 6) writeonly buffer Cache { uvec4 cache[]; };

layout(push_constant) uniform Push {
  uint n_heads;
  uint n_kv_heads;
  uint rope_dim;
  uint block_size;
  uint n_blocks;
} push;

const uint kHeadVectors = kHeadDim / 4;
const uint kHeadTexels = kHeadDim / 8;

vec4 load4(utextureBuffer from, uint texel) {
  return uintBitsToFloat(texelFetch(from, int(texel)));
}

float load1(utextureBuffer from, uint element) {
  return uintBitsToFloat(texelFetch(from, int(element / 4))[element % 4]);
}

struct Angles {
  vec4 cosines;
  vec4 sines;
};

// Of pairs 4 * i to 4 * i + 3.
Angles load_angles(uint row, uint i) {
  const uint at = row * (push.rope_dim / 4) + 2 * i;
  const vec4 first = load4(cos_sin_texels, at);
  const vec4 second = load4(cos_sin_texels, at + 1);
  return Angles(vec4(first.xz, second.xz), vec4(first.yw, second.yw));
}

// Both pairs of (a0, b0, a1, b1).
vec4 rotate_interleaved(vec4 x, vec4 angles) {
  return vec4(x.x * angles.x - x.y * angles.y, x.x * angles.y + x.y * angles.x,
              x.z * angles.z - x.w * angles.w, x.z * angles.w + x.w * angles.z);
}

void rotate_q_vectors(uint row) {
  const uint units = push.rope_dim / 8;  // of 8 elements, in each head
  for (uint unit = gl_LocalInvocationIndex; unit < push.n_heads * units;
       unit += gl_WorkGroupSize.x) {
    const uint i = unit % units;
    const uint head = (row * push.n_heads + unit / units) * kHeadVectors;
    if (kHalves) {
      const Angles angles = load_angles(row, i);
      const uint at_b = head + i + push.rope_dim / 8;
      const vec4 a = load4(q_texels, head + i);
      const vec4 b = load4(q_texels, at_b);
      q_vectors[head + i] = a * angles.cosines - b * angles.sines;
      q_vectors[at_b] = a * angles.sines + b * angles.cosines;
    } else {
      const uint angles = row * (push.rope_dim / 4) + 2 * i;
      const uint at = head + 2 * i;
      q_vectors[at] = rotate_interleaved(load4(q_texels, at), load4(cos_sin_texels, angles));
      q_vectors[at + 1] = rotate_interleaved(load4(q_texels, at + 1), load4(cos_sin_texels, angles + 1));
    }
  }
}

void rotate_q_pairs(uint row) {
  const uint pairs = push.rope_dim / 2;
  for (uint unit = gl_LocalInvocationIndex; unit < push.n_heads * pairs;
       unit += gl_WorkGroupSize.x) {
    const uint i = unit % pairs;
    const uint head = (row * push.n_heads + unit / pairs) * kHeadDim;
    const uint at_a = head + (kHalves ? i : 2 * i);
    const uint at_b = head + (kHalves ? i + pairs : 2 * i + 1);
    const float a = load1(q_texels, at_a);
    const float b = load1(q_texels, at_b);
    const float cosine = load1(cos_sin_texels, row * push.rope_dim + 2 * i);
    const float sine = load1(cos_sin_texels, row * push.rope_dim + 2 * i + 1);
    q_values[at_a] = a * cosine - b * sine;
    q_values[at_b] = a * sine + b * cosine;
  }
}

// Elements 4 * i to 4 * i + 3 of the k head that starts at vec4 `head`.
vec4 rotated_k_vector(uint row, uint head, uint i) {
  const vec4 x = load4(k_texels, head + i);
  if (4 * i >= push.rope_dim) return x;
  if (!kHalves) return rotate_interleaved(x, load4(cos_sin_texels, row * (push.rope_dim / 4) + i));
  const uint half_vectors = push.rope_dim / 8;
  const bool is_a = i < half_vectors;
  const uint pair = is_a ? i : i - half_vectors;
  const vec4 partner = load4(k_texels, head + (is_a ? i + half_vectors : pair));
  const Angles angles = load_angles(row, pair);
  return x * angles.cosines + partner * (is_a ? -angles.sines : angles.sines);
}

float rotated_k_element(uint row, uint head, uint i) {
  const float x = load1(k_texels, head + i);
  if (i >= push.rope_dim) return x;
  const uint pairs = push.rope_dim / 2;
  const bool is_a = kHalves ? i < pairs : i % 2 == 0;
  const uint pair = kHalves ? i % pairs : i / 2;
  const uint partner = kHalves ? (is_a ? i + pairs : pair) : i ^ 1;
  const float cosine = load1(cos_sin_texels, row * push.rope_dim + 2 * pair);
  const float sine = load1(cos_sin_texels, row * push.rope_dim + 2 * pair + 1);
  return x * cosine + load1(k_texels, head + partner) * (is_a ? -sine : sine);
}

vec4 load_k(uint row, uint head, uint i) {
  if (kAligned) return rotated_k_vector(row, head * kHeadVectors, i);
  const uint at = head * kHeadDim;
  return vec4(rotated_k_element(row, at, 4 * i), rotated_k_element(row, at, 4 * i + 1),
              rotated_k_element(row, at, 4 * i + 2), rotated_k_element(row, at, 4 * i + 3));
}

uvec4 pack(vec4 low, vec4 high) {
  return uvec4(packHalf2x16(low.xy), packHalf2x16(low.zw), packHalf2x16(high.xy),
               packHalf2x16(high.zw));
}

void store_k_and_v(uint row) {
  const uint slot = slots[row];
  if (slot >= push.n_blocks * push.block_size) return;
  const uint cache_texels = push.n_blocks * push.block_size * push.n_kv_heads * kHeadTexels;
  for (uint unit = gl_LocalInvocationIndex; unit < push.n_kv_heads * kHeadTexels;
       unit += gl_WorkGroupSize.x) {
    const uint head = unit / kHeadTexels;
    const uint texel = unit % kHeadTexels;
    const uint row_head = row * push.n_kv_heads + head;
    const uint place = ((slot / push.block_size * push.n_kv_heads + head) * push.block_size +
                        slot % push.block_size) * kHeadTexels + texel;
    cache[place] = pack(load_k(row, row_head, 2 * texel), load_k(row, row_head, 2 * texel + 1));
    const uint v = row_head * kHeadVectors + 2 * texel;
    cache[cache_texels + place] = pack(load4(v_texels, v), load4(v_texels, v + 1));
  }
}

void main() {
  const uint row = gl_WorkGroupID.x;
  if (kAligned) {
    rotate_q_vectors(row);
  } else {
    rotate_q_pairs(row);
  }
  store_k_and_v(row);
}
