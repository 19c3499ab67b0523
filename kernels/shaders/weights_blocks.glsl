// Weights in the blocks layout of kernels/vulkan/weights.h: eight columns of a row at once.
// Needs a buffer `uint weights[]` and one WEIGHT_type macro.
//
//   void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b)
//     row_base: the row's first word; group: columns 8 * group to 8 * group + 7

vec4 bytes_of(uint word) {
  return vec4(uvec4(word, word >> 8, word >> 16, word >> 24) & 0xffu);
}

vec4 signed_bytes_of(uint word) {
  return vec4(ivec4(word << 24, word << 16, word << 8, word) >> 24);
}

vec4 nibbles_of(uint word, uint shift) { return bytes_of(word >> shift & 0x0f0f0f0fu); }

// Bits 0 to 3 of `bits` as 16 or 0.
vec4 fifth_bits_of(uint bits) { return vec4((uvec4(bits, bits >> 1, bits >> 2, bits >> 3) & 1u) * 16u); }

#if defined(WEIGHT_F32)
void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint at = row_base + group * 8;
  a = uintBitsToFloat(uvec4(weights[at], weights[at + 1], weights[at + 2], weights[at + 3]));
  b = uintBitsToFloat(uvec4(weights[at + 4], weights[at + 5], weights[at + 6], weights[at + 7]));
}
#elif defined(WEIGHT_F16)
void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint at = row_base + group * 4;
  a = vec4(unpackHalf2x16(weights[at]), unpackHalf2x16(weights[at + 1]));
  b = vec4(unpackHalf2x16(weights[at + 2]), unpackHalf2x16(weights[at + 3]));
}
#elif defined(WEIGHT_BF16)
vec2 unpack_bf16(uint word) { return uintBitsToFloat(uvec2(word << 16, word & 0xffff0000u)); }

void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint at = row_base + group * 4;
  a = vec4(unpack_bf16(weights[at]), unpack_bf16(weights[at + 1]));
  b = vec4(unpack_bf16(weights[at + 2]), unpack_bf16(weights[at + 3]));
}
#elif defined(WEIGHT_Q8_0)
void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint block = row_base + group / 4 * 9;
  const uint at = block + 1 + group % 4 * 2;
  const float d = unpackHalf2x16(weights[block]).x;
  a = d * signed_bytes_of(weights[at]);
  b = d * signed_bytes_of(weights[at + 1]);
}
#elif defined(WEIGHT_Q4_0) || defined(WEIGHT_Q4_1) || defined(WEIGHT_Q5_0) || defined(WEIGHT_Q5_1)
#if defined(WEIGHT_Q5_0) || defined(WEIGHT_Q5_1)
const uint kHeadWords = 2;
#else
const uint kHeadWords = 1;
#endif
void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint block = row_base + group / 4 * (kHeadWords + 4);
  const uint at = block + kHeadWords + group % 2 * 2;
  const uint shift = group % 4 / 2 * 4;
  vec4 low = nibbles_of(weights[at], shift);
  vec4 high = nibbles_of(weights[at + 1], shift);
  const vec2 head = unpackHalf2x16(weights[block]);
#if defined(WEIGHT_Q5_0) || defined(WEIGHT_Q5_1)
  const uint bits = weights[block + 1] >> group % 4 * 8;
  low += fifth_bits_of(bits);
  high += fifth_bits_of(bits >> 4);
#endif
#if defined(WEIGHT_Q4_0)
  const float minimum = -8.0 * head.x;
#elif defined(WEIGHT_Q5_0)
  const float minimum = -16.0 * head.x;
#else
  const float minimum = head.y;
#endif
  a = fma(vec4(head.x), low, vec4(minimum));
  b = fma(vec4(head.x), high, vec4(minimum));
}
#elif defined(WEIGHT_Q4_K) || defined(WEIGHT_Q5_K)
// Scale and min j of the twelve packed bytes at words block + 1 to block + 3.
uvec2 scale_and_min(uint block, uint j) {
  const uint shift = j % 4 * 8;
  const uint first = weights[block + 1] >> shift;
  const uint second = weights[block + 2] >> shift;
  if (j < 4) return uvec2(first, second) & 63u;
  const uint third = weights[block + 3] >> shift;
  return uvec2((third & 0xfu) | (first >> 6 & 3u) << 4,
               (third >> 4 & 0xfu) | (second >> 6 & 3u) << 4);
}

void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
#if defined(WEIGHT_Q5_K)
  const uint block = row_base + group / 32 * 44;
  const uint nibbles = block + 12;
#else
  const uint block = row_base + group / 32 * 36;
  const uint nibbles = block + 4;
#endif
  const uint j = group % 32 / 4;
  const uint part = group % 4 * 2;
  const uint at = nibbles + j / 2 * 8 + part;
  const vec2 head = unpackHalf2x16(weights[block]);
  const vec2 scale = vec2(scale_and_min(block, j)) * head;
  vec4 low = nibbles_of(weights[at], j % 2 * 4);
  vec4 high = nibbles_of(weights[at + 1], j % 2 * 4);
#if defined(WEIGHT_Q5_K)
  low += 16.0 * bytes_of(weights[block + 4 + part] >> j & 0x01010101u);
  high += 16.0 * bytes_of(weights[block + 5 + part] >> j & 0x01010101u);
#endif
  a = fma(vec4(scale.x), low, vec4(-scale.y));
  b = fma(vec4(scale.x), high, vec4(-scale.y));
}
#elif defined(WEIGHT_Q6_K)
void load8(uint row_base, uint group, precise out vec4 a, precise out vec4 b) {
  const uint block = row_base + group / 32 * 53;
  const uint part = group % 4 * 2;
  const uint quarter = group / 4 % 4;
  const uint half_of_block = group / 16 % 2;
  const uint at = block + half_of_block * 16 + quarter % 2 * 8 + part;
  const uint tops = block + 32 + half_of_block * 8 + part;
  const uint scale_byte = half_of_block * 8 + quarter * 2 + group % 4 / 2;
  const int scale = bitfieldExtract(int(weights[block + 48 + scale_byte / 4]),
                                    int(scale_byte % 4 * 8), 8);
  const float d = unpackHalf2x16(weights[block + 52]).x * float(scale);
  const uint shift = quarter / 2 * 4;
  const vec4 low = nibbles_of(weights[at], shift) +
                   16.0 * bytes_of(weights[tops] >> 2 * quarter & 0x03030303u);
  const vec4 high = nibbles_of(weights[at + 1], shift) +
                    16.0 * bytes_of(weights[tops + 1] >> 2 * quarter & 0x03030303u);
  a = d * (low - 32.0);
  b = d * (high - 32.0);
}
#endif
